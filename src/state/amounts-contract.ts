import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KindRates, ModelPrice } from '../config/prices/ModelPrice.ts';
import { noUsage, type TokenUsage } from '../messages/token-usage.ts';
import type { BudgetSpec, Ledger, LedgerEvent, ReserveRequest } from './Ledger.ts';
import type { LedgerFixture } from './ledger-contract.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 9);
const one: KindRates = { input: 1, cacheWrite5m: 1, cacheWrite1h: 1, cacheRead: 1, output: 1 };
/** Micro-dollars a token: 3 in, 3.75 and 6 to write the cache, 0.3 to read it, 15 out. */
const sonnet: ModelPrice = {
  model: 'sonnet',
  usdPerMillionTokens: { input: 3, cacheWrite5m: 3.75, cacheWrite1h: 6, cacheRead: 0.3, output: 15 },
};
const tiered: ModelPrice = {
  model: 'tiered',
  usdPerMillionTokens: { ...one, output: 5 },
  longPrompt: {
    aboveTokens: 100,
    usdPerMillionTokens: { input: 10, cacheWrite5m: 10, cacheWrite1h: 10, cacheRead: 10, output: 50 },
  },
};

/** What every ledger does with budgets that weigh token kinds or count money, alone and beside plain ones. */
export function describeAmounts(name: string, createFixture: () => Promise<LedgerFixture>): void {
  describe(`ledger amounts: ${name}`, () => {
    let fixture: LedgerFixture;
    let nowMs: number;
    let budgets: readonly BudgetSpec[];
    let opened: Ledger[];
    let ledger: Ledger;

    const open = () => {
      const opening = fixture.open({ budgets: () => budgets, nowMs: () => nowMs });
      opened.push(opening);
      return opening;
    };
    const used = async () =>
      Object.fromEntries(
        (await ledger.status()).map((status) => [status.name, [status.settledTokens, status.heldTokens]]),
      );
    const held = async (request: Partial<ReserveRequest> & { readonly atLeastTokens: number }) => {
      const result = await ledger.reserve({
        taskId: 't',
        kind: 'k',
        firstTurn: { model: 'sonnet' },
        ...request,
      });
      if (!result.granted) throw new Error(`Refused: ${result.cause}, ${result.remainingTokens} left`);
      // What its turn gives back goes to the budgets then.
      await ledger.close(result.reservation.id);
      return { reservationId: result.reservation.id, turnId: result.firstTurn?.turnId ?? '', ...result };
    };
    const settle = (turnId: string, usage: Partial<TokenUsage>) =>
      ledger.settleTurn(turnId, { kind: 'usage', usage: { ...noUsage, ...usage } });

    beforeEach(async () => {
      fixture = await createFixture();
      nowMs = startMs;
      opened = [];
      budgets = [plain('tokens', 100_000), usd('money', 50_000)];
      ledger = open();
    });
    afterEach(async () => {
      expect((await ledger.check()).problems).toEqual([]);
      for (const each of opened) await each[Symbol.asyncDispose]();
      await fixture.cleanUp();
    });

    it('hold the dearest input and the output, and settle what each kind costs, rounded up', async () => {
      const { turnId } = await held({ atLeastTokens: 1_100, inputTokens: 1_000 });
      expect(await used()).toEqual({ tokens: [0, 1_100], money: [0, 1_000 * 6 + 100 * 15] });
      const settled = await settle(turnId, {
        inputTokens: 10,
        cacheCreationInputTokens: 300,
        cacheCreation5mInputTokens: 200,
        cacheReadInputTokens: 601,
        outputTokens: 9,
      });
      expect(settled).toMatchObject({ changed: true, chargedTokens: 920, aboveHoldTokens: 0 });
      const cost = 30 + 200 * 3.75 + 100 * 6 + 180.3 + 135;
      expect(await used()).toEqual({ tokens: [920, 0], money: [Math.ceil(cost), 0] });
      expect((await ledger.history({}))[0]?.usage).toMatchObject({ cacheCreation5mInputTokens: 200 });
    });

    it('count cache writes of which nobody says for how long as those for an hour', async () => {
      const { turnId } = await held({ atLeastTokens: 100, inputTokens: 100 });
      await settle(turnId, { cacheCreationInputTokens: 100 });
      expect(await used()).toMatchObject({ money: [600, 0] });
    });

    it('grant the largest total that fits every budget, and say how many tokens that is', async () => {
      budgets = [plain('tokens', 100_000), usd('money', 10_000)];
      const result = await held({ atLeastTokens: 1_000, atMostTokens: 90_000, inputTokens: 1_000 });
      expect(result.firstTurn?.heldTokens).toBe(1_000 + Math.floor(4_000 / 15));
      expect(await used()).toMatchObject({ money: [0, 6_000 + 266 * 15] });
      await settle(result.turnId, { inputTokens: 1_000, outputTokens: 100 });
      await ledger.close(result.reservationId);
      expect(
        await ledger.reserve({
          taskId: 't',
          kind: 'k',
          atLeastTokens: 2_000,
          inputTokens: 900,
          scope: { model: 'sonnet' },
        }),
      ).toMatchObject({
        granted: false,
        bindingBudget: 'money',
        cause: 'spent',
        remainingTokens: 900 + Math.floor((5_500 - 5_400) / 15),
      });
      expect(
        await ledger.reserve({
          taskId: 't',
          kind: 'k',
          atLeastTokens: 2_000,
          inputTokens: 2_000,
          scope: { model: 'sonnet' },
        }),
      ).toMatchObject({ granted: false, remainingTokens: Math.floor(5_500 / 6) });
    });

    it('let the plain budget bind where it has less', async () => {
      budgets = [plain('tokens', 700), usd('money', 50_000)];
      const result = await held({ atLeastTokens: 500, atMostTokens: 5_000, inputTokens: 400 });
      expect(result.firstTurn?.heldTokens).toBe(700);
      expect(await used()).toEqual({ tokens: [0, 700], money: [0, 400 * 6 + 300 * 15] });
    });

    it('count every token as the dearest kind where no input is told', async () => {
      budgets = [weighted('weighed', 10_000, { input: 4, output: 2, cacheRead: 0.1 })];
      await held({ atLeastTokens: 100 });
      expect(await used()).toEqual({ weighed: [0, 400] });
      expect(await ledger.reserve({ taskId: 't', kind: 'k', atLeastTokens: 2_401 })).toMatchObject({
        granted: false,
        remainingTokens: 2_400,
      });
    });

    it('weigh each kind of token, with decimals that do not drift', async () => {
      budgets = [weighted('weighed', 10_000, { cacheRead: 0.1, output: 5 })];
      for (let turn = 0; turn < 3; turn += 1) {
        const { turnId } = await held({ atLeastTokens: 60, inputTokens: 50 });
        await settle(turnId, { inputTokens: 1, cacheReadInputTokens: 30, outputTokens: 2 });
      }
      expect(await used()).toEqual({ weighed: [3 * (1 + 3 + 10), 0] });
    });

    it('count tokens of weight 0 as nothing', async () => {
      budgets = [weighted('output-free', 100, { output: 0 })];
      const { turnId, firstTurn } = await held({ atLeastTokens: 90, atMostTokens: 50_000, inputTokens: 80 });
      expect(firstTurn?.heldTokens).toBe(50_000);
      expect(await used()).toEqual({ 'output-free': [0, 80] });
      await settle(turnId, { inputTokens: 7, outputTokens: 40_000 });
      expect(await used()).toEqual({ 'output-free': [7, 0] });
    });

    it('begin turns from what a reservation holds in each budget, and extend it where that does not suffice', async () => {
      const reserved = await ledger.reserve({
        taskId: 't',
        kind: 'k',
        atLeastTokens: 1_000,
        scope: { model: 'sonnet' },
      });
      if (!reserved.granted) throw new Error('refused');
      expect(await used()).toEqual({ tokens: [0, 1_000], money: [0, 15_000] });
      const begin = (atLeastTokens: number, inputTokens: number) =>
        ledger.beginTurn({
          reservationId: reserved.reservation.id,
          atLeastTokens,
          atMostTokens: atLeastTokens,
          inputTokens,
          model: 'sonnet',
        });
      const first = await begin(900, 800);
      expect(first).toMatchObject({ granted: true, heldTokens: 900 });
      expect(await used()).toEqual({ tokens: [0, 1_000], money: [0, 15_000] });
      const second = await begin(1_000, 0);
      expect(second.granted).toBe(true);
      expect(await used()).toEqual({ tokens: [0, 1_900], money: [0, 6_300 + 15_000] });
      expect(await begin(3_000, 0)).toMatchObject({
        granted: false,
        bindingBudget: 'money',
        remainingTokens: Math.floor((50_000 - 21_300) / 15),
      });
      if (!first.granted || !second.granted) throw new Error('refused');
      await ledger.close(reserved.reservation.id);
      await settle(first.turnId, { inputTokens: 700, outputTokens: 50 });
      await ledger.settleTurn(second.turnId, { kind: 'not-charged', reason: 'status 529' });
      expect(await used()).toEqual({ tokens: [750, 0], money: [700 * 3 + 50 * 15, 0] });
    });

    it('keep for the later turns of a reservation what a turn gives back, as far as it was promised', async () => {
      const reserved = await ledger.reserve({
        taskId: 't',
        kind: 'k',
        atLeastTokens: 1_000,
        scope: { model: 'sonnet' },
      });
      if (!reserved.granted) throw new Error('refused');
      const { id: reservationId } = reserved.reservation;
      const begin = (atLeastTokens: number, inputTokens: number, keepTokens = 0) =>
        ledger.beginTurn({
          reservationId,
          atLeastTokens,
          atMostTokens: atLeastTokens,
          inputTokens,
          keepTokens,
          model: 'sonnet',
        });
      const first = await begin(900, 800);
      if (!first.granted) throw new Error('refused');
      // 6,300 of 15,000 are in flight. 150 tokens come back: 2,250 stay at the dearest price, the rest of 3,450 goes to the budget.
      await settle(first.turnId, { inputTokens: 700, outputTokens: 50 });
      expect(await used()).toEqual({ tokens: [750, 250], money: [2_850, 8_700 + 2_250] });
      // 100 tokens are to be kept, 1,500: the turn takes what is beside them, and the budgets give the rest.
      const second = await begin(700, 0, 100);
      expect(second.granted).toBe(true);
      expect(await used()).toEqual({
        tokens: [750, 250 + 550],
        money: [2_850, 10_950 + (10_500 - 9_450)],
      });
      if (!second.granted) throw new Error('refused');
      await ledger.settleTurn(second.turnId, { kind: 'unknown', reason: 'lost' });
      await settle(second.turnId, { outputTokens: 10 });
      await ledger.close(reservationId);
      expect(await used()).toEqual({ tokens: [760, 0], money: [3_000, 0] });
    });

    it('charge a turn by the prices that it was held with, whoever settles it', async () => {
      const { turnId } = await held({ atLeastTokens: 100, inputTokens: 50 });
      const [tokens] = budgets;
      budgets = [tokens as BudgetSpec, usd('money', 50_000, [{ ...sonnet, usdPerMillionTokens: one }])];
      const other = open();
      await other.settleTurn(turnId, {
        kind: 'usage',
        usage: { ...noUsage, inputTokens: 50, outputTokens: 10 },
      });
      expect(await used()).toMatchObject({ money: [300, 0] });
      expect(await other.settleTurn(turnId, { kind: 'usage', usage: noUsage })).toMatchObject({
        changed: false,
        chargedTokens: 60,
      });
    });

    it('price a model that nobody has priced as the dearest', async () => {
      budgets = [
        usd('money', 50_000, [sonnet, { model: 'opus*', usdPerMillionTokens: { ...one, output: 75 } }]),
      ];
      await held({ atLeastTokens: 200, inputTokens: 100, firstTurn: { model: 'unheard-of' } });
      expect(await used()).toEqual({ money: [0, 100 * 6 + 100 * 75] });
    });

    it('price a long prompt higher: the hold by its bound, the charge by what it was', async () => {
      budgets = [usd('money', 50_000, [tiered])];
      const short = await held({ atLeastTokens: 110, inputTokens: 100, firstTurn: { model: 'tiered' } });
      expect(await used()).toEqual({ money: [0, 100 + 50] });
      await settle(short.turnId, { inputTokens: 100, outputTokens: 10 });
      expect(await used()).toEqual({ money: [150, 0] });
      const long = await held({ atLeastTokens: 111, inputTokens: 101, firstTurn: { model: 'tiered' } });
      expect(await used()).toEqual({ money: [150, 1_010 + 500] });
      await settle(long.turnId, { inputTokens: 20, cacheReadInputTokens: 80, outputTokens: 10 });
      expect(await used()).toEqual({ money: [300, 0] });
      const longer = await held({ atLeastTokens: 111, inputTokens: 101, firstTurn: { model: 'tiered' } });
      await settle(longer.turnId, { inputTokens: 20, cacheReadInputTokens: 81, outputTokens: 10 });
      expect(await used()).toEqual({ money: [300 + 1_510, 0] });
    });

    it('keep unknown usage charged at its hold, and replace it once', async () => {
      const { turnId } = await held({ atLeastTokens: 100, inputTokens: 50 });
      await ledger.settleTurn(turnId, { kind: 'unknown', reason: 'connection lost' });
      expect(await used()).toEqual({ tokens: [100, 0], money: [50 * 6 + 50 * 15, 0] });
      await settle(turnId, { inputTokens: 10, outputTokens: 10 });
      expect(await used()).toEqual({ tokens: [20, 0], money: [180, 0] });
    });

    it('give back what an owner that ends leaves', async () => {
      await held({ atLeastTokens: 100, inputTokens: 50 });
      await ledger.reserve({ taskId: 't', kind: 'k', atLeastTokens: 100, scope: { model: 'sonnet' } });
      await ledger[Symbol.asyncDispose]();
      ledger = open();
      expect(await used()).toEqual({ tokens: [100, 0], money: [1_050, 0] });
    });

    it('count what is forced above a limit as overdraft of that budget', async () => {
      budgets = [plain('tokens', 100_000), usd('money', 1_000)];
      const { turnId } = await held({ atLeastTokens: 100, inputTokens: 0, forced: true });
      const [, money] = await ledger.status();
      expect(money).toMatchObject({
        unit: 'micro-usd',
        heldTokens: 1_500,
        overdraftTokens: 500,
        exhausted: true,
      });
      await settle(turnId, { outputTokens: 70 });
      expect((await ledger.status())[1]).toMatchObject({ settledTokens: 1_050, overdraftTokens: 50 });
    });

    it('raise usage that counts more than was held, also where its tokens do not', async () => {
      budgets = [weighted('weighed', 10_000, { input: 10 })];
      const events: LedgerEvent[] = [];
      ledger.subscribe((event) => events.push(event));
      const { turnId } = await held({ atLeastTokens: 100, inputTokens: 10 });
      expect(await settle(turnId, { inputTokens: 60 })).toMatchObject({ aboveHoldTokens: 0 });
      expect(await used()).toEqual({ weighed: [600, 0] });
      expect(events).toContainEqual({
        type: 'usage-above-hold',
        turnId,
        heldTokens: 100,
        chargedTokens: 60,
      });
    });

    it('fire thresholds by what the budget counts', async () => {
      budgets = [usd('money', 1_000)];
      const fired: number[] = [];
      ledger.subscribe((event) => event.type === 'threshold' && fired.push(event.percent));
      const { turnId } = await held({ atLeastTokens: 60, inputTokens: 0 });
      await settle(turnId, { outputTokens: 50 });
      expect(fired).toEqual([75]);
    });

    it('charge tokens of an unknown kind as the dearest one', async () => {
      await ledger.charge(10, { model: 'sonnet' });
      expect(await used()).toEqual({ tokens: [10, 0], money: [150, 0] });
    });

    it('begin anew where the unit changes, and leave what was counted in the other', async () => {
      budgets = [plain('default', 10_000)];
      const before = await ledger.reserve({
        taskId: 't',
        kind: 'k',
        atLeastTokens: 4_000,
        firstTurn: { model: 'sonnet' },
      });
      if (!before.granted) throw new Error('refused');
      budgets = [usd('default', 30_000)];
      expect(await used()).toEqual({ default: [0, 0] });
      const turn = {
        reservationId: before.reservation.id,
        atLeastTokens: 1,
        atMostTokens: 1,
        model: 'sonnet',
      };
      expect(await ledger.beginTurn(turn)).toMatchObject({ granted: false, cause: 'window-passed' });
      await held({ atLeastTokens: 100, inputTokens: 0 });
      await settle(before.firstTurn?.turnId ?? '', { outputTokens: 3_000 });
      expect(await used()).toEqual({ default: [0, 1_500] });
    });

    it('go on with a reservation that was made before tokens were weighed', async () => {
      budgets = [plain('default', 10_000)];
      const reserved = await ledger.reserve({ taskId: 't', kind: 'k', atLeastTokens: 1_000 });
      if (!reserved.granted) throw new Error('refused');
      budgets = [weighted('default', 10_000, { output: 4 })];
      const request = { atLeastTokens: 400, atMostTokens: 400, inputTokens: 100, model: 'm' };
      const turn = await ledger.beginTurn({ reservationId: reserved.reservation.id, ...request });
      expect(await used()).toEqual({ default: [0, 100 + 1_200] });
      if (!turn.granted) throw new Error('refused');
      await settle(turn.turnId, { inputTokens: 100, outputTokens: 100 });
      await ledger.close(reserved.reservation.id);
      expect(await used()).toEqual({ default: [500, 0] });
    });

    it('import no tokens of an older installation into a budget of money', async () => {
      budgets = [usd('default', 10_000)];
      const old = { budgetName: 'default', usedTokens: 42, resetAtMs: nowMs + hourMs };
      expect(await ledger.importUsage(old)).toBe(false);
    });

    it('say what a token counts for the model that is asked about', async () => {
      const [tokens, money] = await ledger.status({ model: 'sonnet' });
      expect(tokens?.tokenRates).toBeUndefined();
      expect(money).toMatchObject({ unit: 'micro-usd', tokenRates: { input: 6, output: 15 } });
    });

    it('refuse more input than tokens', async () => {
      const request = { taskId: 't', kind: 'k', atLeastTokens: 5, inputTokens: 6 };
      await expect(ledger.reserve(request)).rejects.toMatchObject({ code: 'invalid-argument' });
    });
  });
}

function plain(name: string, limitTokens: number): BudgetSpec {
  return { name, limitTokens, windowMs: 24 * hourMs, thresholdsPercent: [75, 100] };
}

function usd(name: string, limitTokens: number, prices: readonly ModelPrice[] = [sonnet]): BudgetSpec {
  return { ...plain(name, limitTokens), counts: { unit: 'micro-usd', prices } };
}

function weighted(name: string, limitTokens: number, weights: Partial<KindRates>): BudgetSpec {
  return { ...plain(name, limitTokens), counts: { unit: 'tokens', weights: { ...one, ...weights } } };
}
