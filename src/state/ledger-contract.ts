import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeelammaError } from '../errors.ts';
import { noUsage, type TokenUsage } from '../messages/token-usage.ts';
import type { BudgetSpec, Ledger, LedgerEvent, ReserveRequest } from './Ledger.ts';

/** What a suite run needs of an implementation. */
export interface LedgerFixture {
  /** Opens one more ledger object on the same data. The suite disposes of it. */
  open(setup: LedgerSetup): Ledger;
  /** Removes the data. */
  cleanUp(): Promise<void>;
}

export interface LedgerSetup {
  readonly budgets: () => readonly BudgetSpec[];
  readonly nowMs: () => number;
}

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 9);

/** The behaviour that every ledger has. `createFixture` makes empty data for each test. */
export function describeLedger(name: string, createFixture: () => Promise<LedgerFixture>): void {
  describe(`ledger contract: ${name}`, () => {
    let fixture: LedgerFixture;
    let nowMs: number;
    let budgets: BudgetSpec[];
    let opened: Ledger[];
    let ledger: Ledger;

    const open = () => {
      const one = fixture.open({ budgets: () => budgets, nowMs: () => nowMs });
      opened.push(one);
      return one;
    };

    beforeEach(async () => {
      fixture = await createFixture();
      nowMs = startMs;
      budgets = [spec('daily', 10_000)];
      opened = [];
      ledger = open();
    });

    afterEach(async () => {
      for (const one of opened) await one[Symbol.asyncDispose]();
      await fixture.cleanUp();
    });

    const used = async () => {
      const [budget] = await ledger.status();
      return budget ? [budget.settledTokens, budget.heldTokens] : [];
    };

    describe('reserve', () => {
      it('grants exactly up to the limit and then says what remains', async () => {
        for (let n = 1; n <= 10; n += 1) expect((await ledger.reserve(task(1_000))).granted).toBe(true);
        const refused = await ledger.reserve(task(1));
        expect(refused).toMatchObject({
          granted: false,
          remainingTokens: 0,
          bindingBudget: 'daily',
          cause: 'held',
        });
        expect(refused.budgets[0]).toMatchObject({ heldTokens: 10_000, exhausted: true, remainingTokens: 0 });
      });

      it('grants what fits between at least and at most', async () => {
        await granted(ledger, { ...task(7_000) });
        const rest = await granted(ledger, { ...task(1_000), atMostTokens: 8_000 });
        expect(rest.reservation.grantedTokens).toBe(3_000);
      });

      it('holds in all budgets or in none', async () => {
        budgets = [spec('daily', 10_000), spec('session', 2_000, 5 * hourMs)];
        await granted(ledger, task(1_500));
        const refused = await ledger.reserve(task(600));
        expect(refused).toMatchObject({ granted: false, remainingTokens: 500, bindingBudget: 'session' });
        expect((await ledger.status()).map((budget) => budget.heldTokens)).toEqual([1_500, 1_500]);
      });

      it('returns the first reservation for a repeated id, also after it was closed and from another ledger', async () => {
        const request = { ...task(1_000), reservationId: 'mine' };
        const first = await granted(ledger, request);
        const second = await granted(open(), request);
        expect(second.reservation).toEqual(first.reservation);
        expect(await used()).toEqual([0, 1_000]);
        await ledger.close('mine');
        expect((await granted(ledger, request)).reservation.id).toBe('mine');
        expect(await used()).toEqual([0, 0]);
      });

      it('says that the budget is spent where freeing every hold would not help', async () => {
        await ledger.charge(9_500);
        expect(await ledger.reserve(task(501))).toMatchObject({
          granted: false,
          cause: 'spent',
          remainingTokens: 500,
        });
        expect(await ledger.reserve(task(500))).toMatchObject({ granted: true });
      });

      it('does not start a window by a refusal', async () => {
        expect((await ledger.reserve(task(10_001))).granted).toBe(false);
        expect((await ledger.status())[0]).toMatchObject({
          windowStartMs: null,
          resetAtMs: nowMs + 24 * hourMs,
        });
      });

      it('always grants a forced one, in full, and counts what passes the limit as overdraft', async () => {
        await ledger.charge(9_800);
        const forced = await granted(ledger, { ...task(500), atMostTokens: 1_000, forced: true });
        expect(forced.reservation).toMatchObject({ grantedTokens: 1_000, forced: true });
        expect(forced.budgets[0]).toMatchObject({
          heldTokens: 1_000,
          overdraftTokens: 800,
          remainingTokens: 0,
        });
        const turn = await begin(ledger, forced.reservation.id, 1_000);
        await ledger.settleTurn(turn, { kind: 'usage', usage: tokens(300) });
        expect((await ledger.status())[0]).toMatchObject({ settledTokens: 10_100, overdraftTokens: 100 });
      });

      it('refuses what is no amount of tokens', async () => {
        for (const amount of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          await expect(ledger.reserve(task(amount))).rejects.toMatchObject({ code: 'invalid-argument' });
        }
        await expect(ledger.reserve({ ...task(5), atMostTokens: 4 })).rejects.toThrow(TeelammaError);
        await expect(ledger.reserve({ ...task(5), reservationId: '' })).rejects.toThrow(TeelammaError);
        expect(await used()).toEqual([0, 0]);
      });

      it('begins a first turn with all granted tokens in the same step', async () => {
        const result = await granted(ledger, {
          ...task(1_000),
          atMostTokens: 2_000,
          firstTurn: { model: 'm' },
        });
        expect(result.firstTurn?.heldTokens).toBe(2_000);
        await ledger.close(result.reservation.id);
        expect(await used()).toEqual([0, 2_000]);
        const settled = await ledger.settleTurn(result.firstTurn?.turnId ?? '', {
          kind: 'usage',
          usage: tokens(70),
        });
        expect(settled).toMatchObject({ changed: true, chargedTokens: 70 });
        expect(await used()).toEqual([70, 0]);
      });
    });

    describe('turns', () => {
      it("takes the reservation's free tokens first and extends it where they do not suffice", async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const first = await ledger.beginTurn(turn(reservation.id, 600));
        expect(first).toMatchObject({ granted: true, heldTokens: 600 });
        expect(await used()).toEqual([0, 1_000]);
        await ledger.beginTurn(turn(reservation.id, 600));
        expect(await used()).toEqual([0, 1_200]);
      });

      it('grants as much as fits and refuses less than asked, changing nothing', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        await granted(ledger, task(8_500));
        const most = await ledger.beginTurn({ ...turn(reservation.id, 1_200), atMostTokens: 5_000 });
        expect(most).toMatchObject({ granted: true, heldTokens: 1_500 });
        expect(await ledger.beginTurn(turn(reservation.id, 1))).toMatchObject({
          granted: false,
          cause: 'held',
          remainingTokens: 0,
        });
        expect(await used()).toEqual([0, 10_000]);
      });

      it('returns the first grant for a repeated id', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const request = { ...turn(reservation.id, 800), turnId: 'once' };
        await ledger.beginTurn(request);
        expect(await ledger.beginTurn(request)).toMatchObject({
          granted: true,
          turnId: 'once',
          heldTokens: 800,
        });
        expect(await used()).toEqual([0, 1_000]);
      });

      it('replaces the hold by the usage, all four kinds', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        const usage = {
          inputTokens: 1,
          cacheCreationInputTokens: 20,
          cacheReadInputTokens: 300,
          outputTokens: 400,
        };
        const settled = await ledger.settleTurn(turnId, { kind: 'usage', usage, latencyMs: 9 });
        expect(settled).toMatchObject({ changed: true, chargedTokens: 721, aboveHoldTokens: 0 });
        expect(await used()).toEqual([721, 279]);
        await ledger.close(reservation.id);
        expect(await used()).toEqual([721, 0]);
      });

      it('settles once, whoever settles again and with whatever', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(400) });
        const other = open();
        for (const outcome of [
          { kind: 'usage', usage: tokens(999) },
          { kind: 'unknown', reason: 'late' },
          { kind: 'not-charged', reason: 'late' },
        ] as const) {
          expect(await other.settleTurn(turnId, outcome)).toMatchObject({
            changed: false,
            chargedTokens: 400,
          });
        }
        expect(await used()).toEqual([400, 600]);
        expect(await ledger.settleTurn('nobody', { kind: 'usage', usage: tokens(5) })).toMatchObject({
          changed: false,
        });
      });

      it('keeps a turn of unknown usage charged at its hold until real usage comes, once', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        await ledger.settleTurn(turnId, { kind: 'unknown', reason: 'connection lost' });
        expect(await used()).toEqual([1_000, 0]);
        const notCharged = await ledger.settleTurn(turnId, { kind: 'not-charged', reason: 'says who' });
        expect(notCharged.changed).toBe(false);
        const real = await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(250) });
        expect(real).toMatchObject({ changed: true, chargedTokens: 250 });
        expect((await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(1) })).changed).toBe(false);
        expect(await used()).toEqual([250, 750]);
      });

      it('frees the hold of a turn that was not charged, for the next turn of its reservation', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        await ledger.settleTurn(turnId, { kind: 'not-charged', reason: 'status 529' });
        expect(await used()).toEqual([0, 1_000]);
        await begin(ledger, reservation.id, 1_000);
        expect(await used()).toEqual([0, 1_000]);
      });

      it('records usage above the hold in full and raises it as an event', async () => {
        const events = listen(ledger);
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        const settled = await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(12_000) });
        expect(settled).toMatchObject({ chargedTokens: 12_000, aboveHoldTokens: 11_000 });
        expect(await used()).toEqual([12_000, 0]);
        expect(events).toContainEqual({
          type: 'usage-above-hold',
          turnId,
          heldTokens: 1_000,
          chargedTokens: 12_000,
        });
      });

      it('are refused in a closed reservation, and an error in one that never was', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        await ledger.close(reservation.id);
        expect(await ledger.beginTurn(turn(reservation.id, 1))).toMatchObject({
          granted: false,
          cause: 'closed',
        });
        await expect(ledger.beginTurn(turn('nobody', 1))).rejects.toMatchObject({ code: 'invalid-argument' });
      });

      it('closing keeps what is in flight, frees the rest, and closing twice is closing once', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 400);
        await ledger.close(reservation.id);
        await ledger.close(reservation.id);
        await ledger.close('nobody');
        expect(await used()).toEqual([0, 400]);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(100) });
        expect(await used()).toEqual([100, 0]);
      });
    });

    describe('what a reservation keeps for its later turns', () => {
      it('is what it was granted and not charged: others cannot take it while a turn runs or after it', async () => {
        const { reservation } = await granted(ledger, task(3_000));
        const first = await begin(ledger, reservation.id, 3_000);
        await granted(ledger, task(7_000));
        await ledger.settleTurn(first, { kind: 'usage', usage: tokens(800) });
        expect(await ledger.reserve(task(1))).toMatchObject({ granted: false, remainingTokens: 0 });
        const second = await begin(ledger, reservation.id, 2_200);
        await ledger.settleTurn(second, { kind: 'usage', usage: tokens(200) });
        expect(await used()).toEqual([1_000, 9_000]);
        await ledger.close(reservation.id);
        expect(await used()).toEqual([1_000, 7_000]);
      });

      it('does not grow by what a turn was extended by: that goes back to the budgets', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const first = await begin(ledger, reservation.id, 5_000);
        expect(await used()).toEqual([0, 5_000]);
        await ledger.settleTurn(first, { kind: 'usage', usage: tokens(300) });
        expect(await used()).toEqual([300, 700]);
        const second = await begin(ledger, reservation.id, 5_000);
        await ledger.settleTurn(second, { kind: 'usage', usage: tokens(2_000) });
        expect(await used()).toEqual([2_300, 0]);
      });

      it('counts every token once while several of its turns run, and never holds more than was free', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const first = await begin(ledger, reservation.id, 600);
        const second = await begin(ledger, reservation.id, 400);
        await ledger.settleTurn(first, { kind: 'usage', usage: tokens(100) });
        expect(await used()).toEqual([100, 900]);
        await ledger.settleTurn(second, { kind: 'usage', usage: tokens(100) });
        expect(await used()).toEqual([200, 800]);
      });

      it('shrinks by usage above a hold only as far as that was promised', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const first = await begin(ledger, reservation.id, 400);
        await ledger.settleTurn(first, { kind: 'usage', usage: tokens(900) });
        expect(await used()).toEqual([900, 600]);
        const second = await begin(ledger, reservation.id, 600);
        await ledger.settleTurn(second, { kind: 'usage', usage: tokens(50) });
        expect(await used()).toEqual([950, 50]);
      });

      it('takes back what real usage leaves of an assumed charge, while it is open', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 700);
        await ledger.settleTurn(turnId, { kind: 'unknown', reason: 'connection lost' });
        expect(await used()).toEqual([700, 300]);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(200) });
        expect(await used()).toEqual([200, 800]);
      });

      it('is nothing once it is closed, also where it closes before its turn settles', async () => {
        const one = await granted(ledger, { ...task(4_000), firstTurn: { model: 'm' } });
        const [, settled] = await Promise.all([
          ledger.close(one.reservation.id),
          ledger.settleTurn(one.firstTurn?.turnId ?? '', { kind: 'usage', usage: tokens(70) }),
        ]);
        expect(settled.budgets[0]).toMatchObject({
          settledTokens: 70,
          heldTokens: 0,
          remainingTokens: 9_930,
        });
        expect(await used()).toEqual([70, 0]);
      });

      it('is nothing in a forced one, which gets what it asks for anyway', async () => {
        await ledger.charge(9_900);
        const { reservation } = await granted(ledger, { ...task(1_000), forced: true });
        const turnId = await begin(ledger, reservation.id, 900);
        expect((await ledger.status())[0]).toMatchObject({ heldTokens: 1_000, overdraftTokens: 900 });
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(50) });
        expect((await ledger.status())[0]).toMatchObject({ heldTokens: 100, overdraftTokens: 50 });
        await ledger.beginTurn({ ...turn(reservation.id, 60), keepTokens: 70 });
        expect((await ledger.status())[0]).toMatchObject({ heldTokens: 130, overdraftTokens: 80 });
        expect((await ledger.check()).problems).toEqual([]);
      });

      it('stays in its own window after that has passed', async () => {
        const { reservation } = await granted(ledger, task(9_000));
        const turnId = await begin(ledger, reservation.id, 9_000);
        nowMs += 24 * hourMs;
        await ledger.charge(100);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(10) });
        expect(await used()).toEqual([100, 0]);
        await ledger.close(reservation.id);
        expect((await ledger.check()).problems).toEqual([]);
      });

      it('is freed with its owner', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(10) });
        await ledger[Symbol.asyncDispose]();
        ledger = open();
        expect(await used()).toEqual([10, 0]);
      });

      it('is spared by a turn that says so: the budgets give first, and the kept part only for the least', async () => {
        const keeping = (id: string, atLeastTokens: number, atMostTokens: number, keepTokens: number) =>
          ledger.beginTurn({ reservationId: id, atLeastTokens, atMostTokens, keepTokens, model: 'claude' });
        const { reservation } = await granted(ledger, task(3_000));
        const tight = await granted(ledger, task(6_000));
        // 3,000 of its own, 1,000 free in the budget; 2,500 are to be kept.
        expect(await keeping(reservation.id, 100, 4_000, 2_500)).toMatchObject({ heldTokens: 1_500 });
        expect(await used()).toEqual([0, 10_000]);
        expect(await keeping(reservation.id, 2_500, 2_500, 0)).toMatchObject({ heldTokens: 2_500 });
        // More than the rest that is not to be kept, but no less than it needs.
        expect(await keeping(tight.reservation.id, 2_000, 6_000, 5_000)).toMatchObject({ heldTokens: 2_000 });
        expect(await keeping(tight.reservation.id, 4_001, 6_000, 0)).toMatchObject({ granted: false });
        expect(await keeping(tight.reservation.id, 4_000, 6_000, 9_999)).toMatchObject({ heldTokens: 4_000 });
        expect(await used()).toEqual([0, 10_000]);
        await expect(keeping(reservation.id, 1, 1, -1)).rejects.toMatchObject({ code: 'invalid-argument' });
      });
    });

    describe('windows', () => {
      it('starts at the first use and ends exactly at its length', async () => {
        nowMs += 7;
        await ledger.charge(10_000);
        expect((await ledger.status())[0]).toMatchObject({ windowStartMs: startMs + 7, exhausted: true });
        nowMs = startMs + 7 + 24 * hourMs - 1;
        expect(ledger.snapshot()[0]?.exhausted).toBe(true);
        nowMs += 1;
        expect(ledger.snapshot()[0]).toMatchObject({
          exhausted: false,
          remainingTokens: 10_000,
          windowStartMs: null,
        });
        expect((await ledger.reserve(task(10_000))).granted).toBe(true);
      });

      it('is not reset by a clock that runs backwards', async () => {
        await ledger.charge(6_000);
        nowMs -= 400 * hourMs;
        expect(ledger.snapshot()[0]).toMatchObject({ settledTokens: 6_000, windowStartMs: startMs });
        expect(await ledger.reserve(task(5_000))).toMatchObject({ granted: false, cause: 'spent' });
      });

      it('keeps a reservation in the window that it was made in', async () => {
        const { reservation } = await granted(ledger, task(9_000));
        const turnId = await begin(ledger, reservation.id, 5_000);
        nowMs += 24 * hourMs;
        await ledger.charge(100);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(5_000) });
        expect(await ledger.beginTurn(turn(reservation.id, 1))).toMatchObject({
          granted: false,
          cause: 'window-passed',
          remainingTokens: 9_900,
        });
        await ledger.close(reservation.id);
        expect(await used()).toEqual([100, 0]);
        expect((await ledger.check()).problems).toEqual([]);
      });

      it('ends by reset, for one budget or all, and an unknown name is an error', async () => {
        budgets = [spec('daily', 10_000), spec('session', 5_000, 5 * hourMs)];
        await ledger.charge(4_000);
        await ledger.reset('session');
        expect((await ledger.status()).map((budget) => budget.settledTokens)).toEqual([4_000, 0]);
        await ledger.reset();
        expect((await ledger.status()).map((budget) => budget.windowStartMs)).toEqual([null, null]);
        await expect(ledger.reset('weekly')).rejects.toMatchObject({ code: 'invalid-argument' });
      });

      it('follows limits and budgets that change while it is open', async () => {
        await ledger.charge(4_000);
        budgets = [spec('daily', 3_000)];
        expect(ledger.snapshot()[0]).toMatchObject({
          limitTokens: 3_000,
          remainingTokens: 0,
          exhausted: true,
        });
        budgets = [spec('daily', 20_000), spec('session', 500, hourMs)];
        expect(await ledger.reserve(task(501))).toMatchObject({ granted: false, bindingBudget: 'session' });
        expect((await ledger.reserve(task(500))).granted).toBe(true);
      });
    });

    describe('thresholds', () => {
      it('fire once per window over all ledgers, at exactly their share of the limit', async () => {
        const other = open();
        const events = [...listen(ledger)];
        const [mine, theirs] = [listen(ledger), listen(other)];
        await ledger.charge(7_499);
        expect(percents(mine)).toEqual([]);
        await ledger.charge(1);
        await other.charge(1_499);
        expect([percents(mine), percents(theirs)]).toEqual([[75], []]);
        await other.charge(1_001);
        await ledger.charge(10);
        expect([percents(mine), percents(theirs)]).toEqual([[75], [90, 100]]);
        nowMs += 24 * hourMs;
        await ledger.charge(7_500);
        expect(percents(mine)).toEqual([75, 75]);
        expect(events).toEqual([]);
      });

      it('count settled tokens, not held ones', async () => {
        const events = listen(ledger);
        const { reservation } = await granted(ledger, task(10_000));
        expect(percents(events)).toEqual([]);
        const turnId = await begin(ledger, reservation.id, 10_000);
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(9_100) });
        expect(percents(events)).toEqual([75, 90]);
      });
    });

    describe('several operations at once', () => {
      it('never grant more than the limit, over two ledgers', async () => {
        const other = open();
        const results = await Promise.all(
          Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? ledger : other).reserve(task(300))),
        );
        expect(results.filter((result) => result.granted)).toHaveLength(33);
        expect(await used()).toEqual([0, 9_900]);
      });

      it('leave their neighbours alone when one of them fails', async () => {
        const [good, bad, late] = await Promise.allSettled([
          ledger.reserve(task(1_000)),
          ledger.reserve(task(-1)),
          ledger.reserve(task(2_000)),
        ]);
        expect([good.status, bad.status, late.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(await used()).toEqual([0, 3_000]);
      });

      it('see each other in the order of the calls', async () => {
        await ledger.status();
        await granted(ledger, task(1));
        const [, begun, settled] = await Promise.all([
          ledger.reserve({ ...task(1_000), reservationId: 'r' }),
          ledger.beginTurn({ ...turn('r', 1_000), turnId: 't' }),
          ledger.settleTurn('t', { kind: 'usage', usage: tokens(10) }),
          ledger.close('r'),
        ]);
        expect(begun.granted).toBe(true);
        expect(settled).toMatchObject({ changed: true, chargedTokens: 10 });
        expect(await used()).toEqual([10, 1]);
      });

      it('change the same sums once each, in a ledger that has read nothing yet', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 1_000);
        const other = open();
        await Promise.all([
          other.settleTurn(turnId, { kind: 'usage', usage: tokens(40) }),
          other.charge(5),
          other.close(reservation.id),
        ]);
        expect(await used()).toEqual([45, 0]);
        expect((await ledger.check()).problems).toEqual([]);
      });

      it('tell listeners once per commit, with the state as of it', async () => {
        const events = listen(ledger);
        await Promise.all([ledger.charge(1), ledger.charge(2), ledger.charge(3)]);
        const changes = events.filter((event) => event.type === 'changed');
        expect(changes).toHaveLength(1);
        expect(changes[0]?.type === 'changed' && changes[0].budgets[0]?.settledTokens).toBe(6);
        await ledger.reserve(task(1_000_000));
        expect(events.filter((event) => event.type === 'changed')).toHaveLength(1);
      });
    });

    describe('what is kept', () => {
      it('lists turns newest first, free ones too, and filters them', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 700);
        nowMs += 1_000;
        await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(40), latencyMs: 1_000 });
        nowMs += 1_000;
        const free = {
          turnId: 'free',
          taskId: 'task',
          kind: 'simple',
          agent: 'ollama-specialist',
          model: 'qwen',
          usage: tokens(90),
          latencyMs: 100,
        };
        await ledger.recordTurn(free);
        await ledger.recordTurn(free);
        const turns = await ledger.history({});
        expect(turns.map((one) => one.turnId)).toEqual(['free', turnId]);
        expect(turns[1]).toEqual({
          turnId,
          taskId: 'task',
          kind: 'complex',
          agent: 'claude-specialist',
          model: 'claude',
          state: 'settled',
          heldTokens: 700,
          chargedTokens: 40,
          usage: tokens(40),
          forced: false,
          startedAtMs: startMs,
          settledAtMs: startMs + 1_000,
          latencyMs: 1_000,
          reason: null,
        });
        expect(turns[0]).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0, usage: tokens(90) });
        expect(await ledger.history({ agent: 'claude-specialist' })).toHaveLength(1);
        expect(await ledger.history({ sinceMs: startMs + 1 })).toHaveLength(1);
        expect(await ledger.history({ untilMs: startMs })).toHaveLength(1);
        expect(await ledger.history({ limit: 1 })).toHaveLength(1);
        expect(await used()).toEqual([40, 960]);
      });

      it('remembers what whole tasks of a kind used, and their output, newest first', async () => {
        const run = async (kind: string, amount: number, isWholeTask: boolean) => {
          const { reservation } = await granted(ledger, { ...task(1_000), kind });
          const turnId = await begin(ledger, reservation.id, 500);
          await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(amount) });
          await ledger.close(reservation.id, { isWholeTask });
        };
        await run('complex', 100, true);
        await run('simple', 7, true);
        await run('complex', 200, false);
        await run('complex', 300, true);
        await ledger.close((await granted(ledger, task(5))).reservation.id);
        expect(await ledger.settledTasks('complex', 10)).toEqual([
          { chargedTokens: 300, turns: 1 },
          { chargedTokens: 100, turns: 1 },
        ]);
        expect(await ledger.settledTasks('complex', 1)).toHaveLength(1);
        expect(await ledger.recentOutputTokens('complex', 2)).toEqual([300, 200]);
        expect(await ledger.recentOutputTokens('unheard-of', 2)).toEqual([]);
      });

      it('imports an older usage once, and never into a ledger that was used', async () => {
        const old = { budgetName: 'daily', usedTokens: 4_200, resetAtMs: startMs + 3 * hourMs };
        const other = open();
        const both = await Promise.all([ledger.importUsage(old), other.importUsage(old)]);
        expect(both.filter(Boolean)).toHaveLength(1);
        expect((await ledger.status())[0]).toMatchObject({
          settledTokens: 4_200,
          resetAtMs: startMs + 3 * hourMs,
        });
        nowMs += 3 * hourMs;
        expect((await ledger.status())[0]?.settledTokens).toBe(0);
        expect(await ledger.importUsage({ ...old, resetAtMs: nowMs + hourMs })).toBe(false);
      });

      it('does not import a window that has passed', async () => {
        expect(await ledger.importUsage({ budgetName: 'daily', usedTokens: 1, resetAtMs: startMs })).toBe(
          false,
        );
        expect(await used()).toEqual([0, 0]);
      });

      it('adds up, also after everything has happened', async () => {
        await ledger.charge(100);
        const { reservation } = await granted(ledger, { ...task(20_000), forced: true });
        await begin(ledger, reservation.id, 19_000);
        expect(await ledger.check()).toMatchObject({ ok: true, problems: [] });
      });
    });

    describe('disposing', () => {
      it('charges what is in flight, frees what was never sent, and takes later usage', async () => {
        const { reservation } = await granted(ledger, task(1_000));
        const turnId = await begin(ledger, reservation.id, 400);
        await ledger[Symbol.asyncDispose]();
        await ledger[Symbol.asyncDispose]();
        await expect(ledger.charge(1)).rejects.toThrow('closed');
        ledger = open();
        expect(await used()).toEqual([400, 0]);
        expect((await ledger.history({}))[0]).toMatchObject({ state: 'assumed', reason: expect.any(String) });
        expect((await ledger.settleTurn(turnId, { kind: 'usage', usage: tokens(30) })).changed).toBe(true);
        expect(await used()).toEqual([30, 0]);
      });

      it('waits for calls that are under way', async () => {
        const pending = ledger.charge(70);
        await ledger[Symbol.asyncDispose]();
        expect((await pending)[0]?.settledTokens).toBe(70);
      });

      it('leaves what other ledgers hold alone', async () => {
        const other = open();
        await granted(other, task(1_000));
        await granted(ledger, task(500));
        await ledger[Symbol.asyncDispose]();
        ledger = open();
        expect(await ledger.recover()).toMatchObject({ deadOwners: 0 });
        expect(await used()).toEqual([0, 1_000]);
      });
    });
  });
}

function spec(name: string, limitTokens: number, windowMs = 24 * hourMs): BudgetSpec {
  return { name, limitTokens, windowMs, thresholdsPercent: [75, 90, 100] };
}

function task(atLeastTokens: number): ReserveRequest {
  return { taskId: 'task', kind: 'complex', atLeastTokens };
}

function turn(reservationId: string, tokenCount: number) {
  return { reservationId, atLeastTokens: tokenCount, atMostTokens: tokenCount, model: 'claude' };
}

function tokens(outputTokens: number): TokenUsage {
  return { ...noUsage, outputTokens };
}

async function granted(ledger: Ledger, request: ReserveRequest) {
  const result = await ledger.reserve(request);
  if (!result.granted) throw new Error(`Refused: ${result.cause}, ${result.remainingTokens} left`);
  return result;
}

async function begin(ledger: Ledger, reservationId: string, tokenCount: number): Promise<string> {
  const result = await ledger.beginTurn(turn(reservationId, tokenCount));
  if (!result.granted) throw new Error(`Refused: ${result.cause}, ${result.remainingTokens} left`);
  return result.turnId;
}

function listen(ledger: Ledger): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  ledger.subscribe((event) => events.push(event));
  return events;
}

function percents(events: readonly LedgerEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'threshold' ? [event.percent] : []));
}
