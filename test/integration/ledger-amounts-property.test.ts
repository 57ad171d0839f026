import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KindRates } from '../../src/config/prices/ModelPrice.ts';
import type { TokenUsage } from '../../src/messages/token-usage.ts';
import type { BudgetSpec, Ledger } from '../../src/state/Ledger.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';

const startMs = Date.UTC(2028, 1, 28, 12);
const common = { windowMs: 3_600_000, thresholdsPercent: [75, 90, 100] } as const;
const flat: KindRates = { input: 1, cacheWrite5m: 1, cacheWrite1h: 1, cacheRead: 1, output: 1 };
const weights: KindRates = { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1, output: 4 };
const prices: Readonly<Record<string, KindRates>> = {
  dear: { input: 5, cacheWrite5m: 6.25, cacheWrite1h: 10, cacheRead: 0.5, output: 25 },
  cheap: { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1, output: 5 },
};
const specs: readonly BudgetSpec[] = [
  { name: 'plain', limitTokens: 3_000, ...common },
  { name: 'weighed', limitTokens: 5_000, ...common, counts: { unit: 'tokens', weights } },
  {
    name: 'money',
    limitTokens: 20_000,
    ...common,
    counts: {
      unit: 'micro-usd',
      prices: Object.entries(prices).map(([model, usdPerMillionTokens]) => ({ model, usdPerMillionTokens })),
    },
  },
];
const ratesIn: Readonly<Record<string, (model: string) => KindRates>> = {
  plain: () => flat,
  weighed: () => weights,
  money: (model) => prices[model] ?? flat,
};

/** All rates here have at most two decimals, so hundredths are exact. */
const counted = (hundredths: number) => Math.ceil(hundredths / 100);
const hundredths = (rate: number) => Math.round(rate * 100);

function heldAmount(rates: KindRates, tokens: number, inputTokens: number | undefined): number {
  const dearestInput = Math.max(rates.input, rates.cacheWrite5m, rates.cacheWrite1h, rates.cacheRead);
  if (inputTokens === undefined) return counted(tokens * hundredths(Math.max(dearestInput, rates.output)));
  const input = Math.min(inputTokens, tokens);
  return counted(input * hundredths(dearestInput) + (tokens - input) * hundredths(rates.output));
}

function chargedAmount(rates: KindRates, usage: TokenUsage): number {
  const for5m = usage.cacheCreation5mInputTokens ?? 0;
  return counted(
    usage.inputTokens * hundredths(rates.input) +
      for5m * hundredths(rates.cacheWrite5m) +
      (usage.cacheCreationInputTokens - for5m) * hundredths(rates.cacheWrite1h) +
      usage.cacheReadInputTokens * hundredths(rates.cacheRead) +
      usage.outputTokens * hundredths(rates.output),
  );
}

interface Turn {
  readonly id: string;
  readonly model: string;
  readonly heldTokens: number;
  readonly inputTokens: number | undefined;
  outcome: TokenUsage | 'in-flight' | 'unknown' | 'not-charged';
}

const model = fc.constantFrom('dear', 'cheap');
const inputTokens = fc.option(fc.nat(300), { nil: undefined });
const share = fc.integer({ min: 0, max: 100 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      atLeast: fc.nat(400),
      more: fc.nat(600),
      model,
      inputTokens,
      withTurn: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      which: fc.nat(10),
      atLeast: fc.nat(300),
      more: fc.nat(600),
      keep: fc.nat(200),
      model,
      inputTokens,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(10),
      kind: fc.constantFrom('usage' as const, 'usage' as const, 'unknown' as const, 'not-charged' as const),
      // Which part of the input and of the output was used, and how the input falls to its kinds.
      input: share,
      output: share,
      written: share,
      for5m: share,
      read: share,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), which: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Settle = Extract<Step, { do: 'settle' }>;

describe('budgets that count differently, side by side, under any order of operations', () => {
  it('hold an upper bound in each unit, pass no limit, charge what each kind counts, and end with nothing held', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const folder = await mkdtemp(join(tmpdir(), 'teelamma-amounts-'));
        const run = new Run(join(folder, 'ledger.db'));
        try {
          for (const one of steps) await run.step(one);
          await run.finish();
        } finally {
          await run.ledger[Symbol.asyncDispose]();
          await rm(folder, { recursive: true });
        }
      }),
      { numRuns: 120 },
    );
  }, 120_000);
});

class Run {
  ledger: Ledger;
  private readonly file: string;
  private readonly turns: Turn[] = [];
  private readonly open: string[] = [];
  private nextId = 0;

  constructor(file: string) {
    this.file = file;
    this.ledger = this.openLedger();
  }

  async step(one: Step): Promise<void> {
    switch (one.do) {
      case 'reserve':
        await this.reserve(one);
        break;
      case 'begin':
        await this.begin(one);
        break;
      case 'settle':
        await this.settle(one);
        break;
      case 'close': {
        const id = latest(this.open, one.which);
        if (id === undefined) return;
        await this.ledger.close(id);
        this.open.splice(this.open.indexOf(id), 1);
        break;
      }
      case 'reopen':
        // An orderly end: nobody is left to settle what is in flight.
        await this.ledger[Symbol.asyncDispose]();
        for (const turn of this.turns) if (turn.outcome === 'in-flight') turn.outcome = 'unknown';
        this.open.length = 0;
        this.ledger = this.openLedger();
    }
    await this.check();
  }

  async finish(): Promise<void> {
    for (const turn of this.turns) {
      if (turn.outcome === 'in-flight') await this.settleAs(turn, 'not-charged');
    }
    for (const id of this.open) await this.ledger.close(id);
    await this.check();
    for (const { heldTokens } of await this.ledger.status()) expect(heldTokens).toBe(0);
  }

  private async reserve(asked: Extract<Step, { do: 'reserve' }>): Promise<void> {
    const one = { ...asked, inputTokens: within(asked.inputTokens, asked.atLeast) };
    const turnId = `turn-${this.nextId++}`;
    const before = await this.remaining();
    const result = await this.ledger.reserve({
      taskId: 't',
      kind: 'k',
      atLeastTokens: one.atLeast,
      atMostTokens: one.atLeast + one.more,
      scope: { model: one.model },
      ...(one.inputTokens !== undefined && { inputTokens: one.inputTokens }),
      ...(one.withTurn && { firstTurn: { model: one.model, turnId } }),
    });
    const fits = (tokens: number) =>
      specs.every(
        ({ name }) => heldAmount(this.rates(name, one.model), tokens, one.inputTokens) <= before(name),
      );
    expect(result.granted).toBe(fits(one.atLeast));
    if (!result.granted) return;
    const { grantedTokens } = result.reservation;
    // The largest total that fits: one more would not, or was not asked for.
    expect(fits(grantedTokens)).toBe(true);
    if (grantedTokens < one.atLeast + one.more) expect(fits(grantedTokens + 1)).toBe(false);
    this.open.push(result.reservation.id);
    if (one.withTurn) this.begun(turnId, one, grantedTokens);
  }

  private async begin(asked: Extract<Step, { do: 'begin' }>): Promise<void> {
    const one = { ...asked, inputTokens: within(asked.inputTokens, asked.atLeast) };
    const reservationId = latest(this.open, one.which);
    if (reservationId === undefined) return;
    const turnId = `turn-${this.nextId++}`;
    const result = await this.ledger.beginTurn({
      reservationId,
      turnId,
      atLeastTokens: one.atLeast,
      atMostTokens: one.atLeast + one.more,
      keepTokens: one.keep,
      model: one.model,
      ...(one.inputTokens !== undefined && { inputTokens: one.inputTokens }),
    });
    if (!result.granted) return;
    expect(result.heldTokens).toBeGreaterThanOrEqual(one.atLeast);
    expect(result.heldTokens).toBeLessThanOrEqual(one.atLeast + one.more);
    this.begun(turnId, one, result.heldTokens);
  }

  private begun(
    id: string,
    { model, inputTokens }: { model: string; inputTokens: number | undefined },
    heldTokens: number,
  ) {
    this.turns.push({ id, model, heldTokens, inputTokens, outcome: 'in-flight' });
  }

  private async settle(one: Settle): Promise<void> {
    const turn = latest(this.turns, one.which);
    if (turn === undefined) return;
    if (one.kind === 'usage') return this.settleAs(turn, usageWithin(turn, one));
    return this.settleAs(turn, one.kind);
  }

  private async settleAs(turn: Turn, outcome: TokenUsage | 'unknown' | 'not-charged'): Promise<void> {
    const mayChange =
      turn.outcome === 'in-flight' || (turn.outcome === 'unknown' && typeof outcome === 'object');
    const settled = await this.ledger.settleTurn(
      turn.id,
      typeof outcome === 'object' ? { kind: 'usage', usage: outcome } : { kind: outcome, reason: 'model' },
    );
    expect(settled.changed).toBe(mayChange);
    if (mayChange) turn.outcome = outcome;
  }

  private async check(): Promise<void> {
    for (const { name, settledTokens, heldTokens, limitTokens } of await this.ledger.status()) {
      expect(settledTokens + heldTokens).toBeLessThanOrEqual(limitTokens);
      let settled = 0;
      let inFlight = 0;
      for (const { model, heldTokens: hold, inputTokens, outcome } of this.turns) {
        const rates = this.rates(name, model);
        if (outcome === 'in-flight') inFlight += heldAmount(rates, hold, inputTokens);
        else if (outcome === 'unknown') settled += heldAmount(rates, hold, inputTokens);
        else if (outcome !== 'not-charged') settled += chargedAmount(rates, outcome);
      }
      expect([name, settledTokens]).toEqual([name, settled]);
      expect(heldTokens).toBeGreaterThanOrEqual(inFlight);
    }
    expect((await this.ledger.check()).problems).toEqual([]);
  }

  private async remaining(): Promise<(name: string) => number> {
    const budgets = await this.ledger.status();
    return (name) => budgets.find((budget) => budget.name === name)?.remainingTokens ?? 0;
  }

  private rates(name: string, model: string): KindRates {
    return ratesIn[name]?.(model) ?? flat;
  }

  private openLedger(): Ledger {
    return openSqliteLedger(
      { file: this.file, budgets: () => specs },
      { nowMs: () => startMs, newId: randomUUID },
    );
  }
}

/** Usage that a provider may report for the hold: within its input and its output, whichever kinds they are of. */
function usageWithin({ heldTokens, inputTokens }: Turn, one: Settle): TokenUsage {
  const part = (of: number, percent: number) => Math.floor((of * percent) / 100);
  const mostInput = Math.min(inputTokens ?? part(heldTokens, one.input), heldTokens);
  const input = part(mostInput, one.input);
  const written = part(input, one.written);
  const read = part(input - written, one.read);
  return {
    inputTokens: input - written - read,
    cacheCreationInputTokens: written,
    cacheCreation5mInputTokens: part(written, one.for5m),
    cacheReadInputTokens: read,
    outputTokens: part(heldTokens - mostInput, one.output),
  };
}

function latest<T>(all: readonly T[], which: number): T | undefined {
  return all[Math.max(0, all.length - 1 - which)];
}

/** Input is a part of what is asked for at least. */
function within(inputTokens: number | undefined, atLeast: number): number | undefined {
  return inputTokens === undefined ? undefined : Math.min(inputTokens, atLeast);
}
