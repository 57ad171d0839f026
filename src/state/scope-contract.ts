import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noUsage } from '../messages/token-usage.ts';
import type { BudgetSpec, Ledger, Scope } from './Ledger.ts';
import type { LedgerFixture } from './ledger-contract.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 9);

/** What every ledger does with budgets that match, that count each value by itself, and that follow the calendar. */
export function describeScopes(name: string, createFixture: () => Promise<LedgerFixture>): void {
  describe(`ledger scopes: ${name}`, () => {
    let fixture: LedgerFixture;
    let nowMs: number;
    let budgets: readonly BudgetSpec[];
    let opened: Ledger[];
    let ledger: Ledger;

    const open = () => {
      const one = fixture.open({ budgets: () => budgets, nowMs: () => nowMs });
      opened.push(one);
      return one;
    };
    const reserve = (tokens: number, scope?: Scope) =>
      ledger.reserve({ taskId: 't', kind: 'k', atLeastTokens: tokens, ...(scope && { scope }) });
    const held = async (scope?: Scope) =>
      Object.fromEntries(
        (await ledger.status(scope)).map((one) => [
          one.each ? `${one.name}/${one.each.value}` : one.name,
          one.settledTokens + one.heldTokens,
        ]),
      );

    beforeEach(async () => {
      fixture = await createFixture();
      nowMs = startMs;
      opened = [];
      budgets = [
        spec('all', 10_000),
        { ...spec('web', 1_000), match: { project: ['web-*'], door: ['cli', 'mcp'] } },
      ];
      ledger = open();
    });
    afterEach(async () => {
      for (const one of opened) await one[Symbol.asyncDispose]();
      await fixture.cleanUp();
    });

    it('limit what matches in every named part, and nothing else', async () => {
      expect(await reserve(900, { project: 'web-shop', door: 'cli' })).toMatchObject({ granted: true });
      expect(await reserve(900, { project: 'web-shop', door: 'gateway' })).toMatchObject({ granted: true });
      expect(await reserve(900, { project: 'shop', door: 'cli' })).toMatchObject({ granted: true });
      expect(await reserve(900, { door: 'cli' })).toMatchObject({ granted: true });
      expect(await reserve(900)).toMatchObject({ granted: true });
      expect(await held()).toEqual({ all: 4_500, web: 900 });
    });

    it('hold in all that match or in none, and say which one binds', async () => {
      const scope = { project: 'web-shop', door: 'mcp' };
      await reserve(900, scope);
      const refused = await reserve(200, scope);
      expect(refused).toMatchObject({
        granted: false,
        bindingBudget: 'web',
        remainingTokens: 100,
        cause: 'held',
      });
      expect(await held()).toEqual({ all: 900, web: 900 });
      const other = await reserve(200, { project: 'api', door: 'mcp' });
      expect(other.budgets.map((one) => one.name)).toEqual(['all']);
    });

    it('follow a reservation through its turns', async () => {
      const scope = { project: 'web-shop', door: 'mcp' };
      const reserved = await reserve(500, scope);
      if (!reserved.granted) throw new Error('refused');
      const begin = (tokens: number) =>
        ledger.beginTurn({
          reservationId: reserved.reservation.id,
          atLeastTokens: tokens,
          atMostTokens: tokens,
          model: 'm',
        });
      const turn = await begin(800);
      if (!turn.granted) throw new Error('refused');
      expect(turn.budgets.map((one) => one.name)).toEqual(['all', 'web']);
      expect(await begin(300)).toMatchObject({ granted: false, bindingBudget: 'web', remainingTokens: 200 });
      const settled = await ledger.settleTurn(turn.turnId, {
        kind: 'usage',
        usage: { ...noUsage, outputTokens: 70 },
      });
      expect(settled.budgets.map((one) => one.settledTokens)).toEqual([70, 70]);
      await ledger.close(reserved.reservation.id);
      expect(await held()).toEqual({ all: 70, web: 70 });
      expect((await ledger.history({}))[0]?.scope).toMatchObject(scope);
    });

    it('count each value by itself, and what has none as one more', async () => {
      budgets = [spec('all', 10_000), { ...spec('per-user', 500), each: 'user' }];
      expect(await held()).toEqual({ all: 0, 'per-user/null': 0 });
      expect((await reserve(400, { user: 'ann' })).granted).toBe(true);
      expect((await reserve(400, { user: 'ben' })).granted).toBe(true);
      expect((await reserve(300)).granted).toBe(true);
      expect(await reserve(200, { user: 'ann' })).toMatchObject({
        granted: false,
        bindingBudget: 'per-user',
      });
      expect(
        (await open().reserve({ taskId: 't', kind: 'k', atLeastTokens: 101, scope: { user: 'ben' } }))
          .granted,
      ).toBe(false);
      expect(await held()).toEqual({
        all: 1_100,
        'per-user/': 300,
        'per-user/ann': 400,
        'per-user/ben': 400,
      });
      expect(await held({ user: 'ann' })).toEqual({ all: 1_100, 'per-user/ann': 400 });
      expect(await held({ user: 'cid' })).toEqual({ all: 1_100, 'per-user/cid': 0 });
    });

    it('end all counters of a budget by one reset, and each by its own time', async () => {
      budgets = [{ ...spec('per-user', 500, hourMs), each: 'user' }];
      await ledger.charge(100, { user: 'ann' });
      nowMs += hourMs / 2;
      await ledger.charge(200, { user: 'ben' });
      nowMs += hourMs / 2;
      expect(await held()).toEqual({ 'per-user/ben': 200 });
      await ledger.reset('per-user');
      expect(await held()).toEqual({ 'per-user/null': 0 });
      expect((await ledger.check()).problems).toEqual([]);
    });

    it("match the model of a reservation's first turn", async () => {
      budgets = [{ ...spec('opus', 1_000), match: { model: ['claude-opus-*'] } }];
      const ask = (model: string) =>
        ledger.reserve({ taskId: 't', kind: 'k', atLeastTokens: 600, firstTurn: { model } });
      expect((await ask('claude-opus-5')).granted).toBe(true);
      expect((await ask('claude-haiku-5')).granted).toBe(true);
      expect(await ask('claude-opus-5')).toMatchObject({ granted: false, bindingBudget: 'opus' });
    });

    it('fire thresholds for the counter that reached them', async () => {
      budgets = [{ ...spec('per-user', 500), each: 'user' }];
      const fired: unknown[] = [];
      ledger.subscribe(
        (event) => event.type === 'threshold' && fired.push([event.budget.each?.value, event.percent]),
      );
      await ledger.charge(370, { user: 'ann' });
      await ledger.charge(380, { user: 'ben' });
      expect(fired).toEqual([['ben', 75]]);
    });

    it('end with the calendar, whenever the window began', async () => {
      const calendar = { period: 'day', timeZone: 'Europe/Zurich', hour: 4 } as const;
      budgets = [{ ...spec('day', 1_000), calendar }];
      nowMs = Date.UTC(2026, 2, 28, 20);
      await ledger.charge(1_000);
      expect((await ledger.status())[0]).toMatchObject({
        calendar,
        exhausted: true,
        resetAtMs: Date.UTC(2026, 2, 29, 2),
      });
      nowMs = Date.UTC(2026, 2, 29, 2) - 1;
      expect((await reserve(1)).granted).toBe(false);
      nowMs += 1;
      expect((await reserve(1)).granted).toBe(true);
    });

    it('let nobody reset by moving the clock back and forth', async () => {
      budgets = [{ ...spec('month', 1_000), calendar: { period: 'month', timeZone: 'UTC', hour: 0 } }];
      await ledger.charge(900);
      nowMs = Date.UTC(2025, 10, 1);
      expect(await reserve(200)).toMatchObject({ granted: false, cause: 'spent' });
      nowMs = startMs;
      expect(await reserve(200)).toMatchObject({ granted: false, cause: 'spent' });
    });
  });
}

function spec(name: string, limitTokens: number, windowMs = 24 * hourMs): BudgetSpec {
  return { name, limitTokens, windowMs, thresholdsPercent: [75, 100] };
}
