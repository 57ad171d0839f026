import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetSpec, Ledger, Scope, TurnOutcome } from '../../src/state/Ledger.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { endOfUtcDay, LedgerModel, type ModelBudget } from '../torture/ledger-model.ts';

/** What the ledger is configured with, and the same for the model. */
interface Setup {
  readonly specs: readonly BudgetSpec[];
  readonly model: readonly ModelBudget[];
}

const thresholdsPercent = [75, 90, 100];
/** Steps move the clock by seconds, so this is near enough to the end of a day in UTC to pass it. */
const startMs = endOfUtcDay(Date.UTC(2028, 1, 28, 12)) - 4_000;
const after = (lengthMs: number) => (beginMs: number) => beginMs + lengthMs;

const one: Setup = {
  specs: [{ name: 'daily', limitTokens: 1_000, windowMs: 1_000, thresholdsPercent }],
  model: [{ name: 'daily', limit: 1_000, endMs: after(1_000), counter: () => '' }],
};

/** Tiers: everything, a part of it, each user by itself over a calendar's days, and each project of one door. */
const several: Setup = {
  specs: [
    { name: 'all', limitTokens: 2_500, windowMs: 2_500, thresholdsPercent },
    {
      name: 'complex',
      limitTokens: 1_200,
      windowMs: 1_000,
      thresholdsPercent,
      match: { complexity: ['complex'] },
    },
    {
      name: 'user-day',
      limitTokens: 1_500,
      windowMs: 86_400_000,
      thresholdsPercent,
      each: 'user',
      calendar: { period: 'day', timeZone: 'UTC', hour: 0 },
    },
    {
      name: 'web',
      limitTokens: 700,
      windowMs: 1_800,
      thresholdsPercent,
      match: { door: ['mcp', 'cli'], project: ['web*'] },
      each: 'project',
    },
  ],
  model: [
    { name: 'all', limit: 2_500, endMs: after(2_500), counter: () => '' },
    {
      name: 'complex',
      limit: 1_200,
      endMs: after(1_000),
      counter: ({ complexity }) => (complexity === 'complex' ? '' : null),
    },
    { name: 'user-day', limit: 1_500, endMs: endOfUtcDay, counter: ({ user }) => user ?? '' },
    {
      name: 'web',
      limit: 700,
      endMs: after(1_800),
      counter: ({ door, project }) =>
        door !== undefined && door !== 'gateway' && project?.startsWith('web') ? project : null,
    },
  ],
};

/** `who` is one of two ledgers on one file; `which` picks among the reservations or turns that there are. */
type Step =
  | {
      readonly do: 'reserve';
      who: number;
      atLeast: number;
      more: number;
      forced: boolean;
      repeat: boolean;
      scope: Scope;
    }
  | {
      readonly do: 'begin';
      who: number;
      which: number;
      atLeast: number;
      more: number;
      keep: number;
      repeat: boolean;
    }
  | { readonly do: 'settle'; who: number; which: number; tokens: number; kind: TurnOutcome['kind'] }
  | { readonly do: 'close'; who: number; which: number }
  | { readonly do: 'charge'; who: number; tokens: number; scope: Scope }
  | { readonly do: 'clock'; byMs: number }
  | { readonly do: 'reset' | 'crash' | 'dispose' | 'recover'; who: number };

const who = fc.nat(1);
const which = fc.nat(30);
const amount = fc.nat(400);
const scope = fc.record(
  {
    complexity: fc.constantFrom('simple', 'complex'),
    user: fc.constantFrom('ann', 'ben'),
    project: fc.constantFrom('web-shop', 'web', 'api'),
    door: fc.constantFrom('cli', 'mcp', 'gateway'),
  },
  { requiredKeys: [] },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('reserve'),
      who,
      atLeast: amount,
      more: amount,
      forced: rarely(),
      repeat: rarely(),
      scope,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('begin'),
      who,
      which,
      atLeast: amount,
      more: amount,
      keep: fc.oneof(fc.constant(0), amount),
      repeat: rarely(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      who,
      which,
      tokens: amount,
      kind: fc.constantFrom('usage', 'usage', 'unknown', 'not-charged'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('close'), who, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('charge'), who, tokens: fc.nat(50), scope }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('clock'), byMs: fc.integer({ min: -1_500, max: 1_500 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reset', 'crash', 'dispose', 'recover'), who }) },
) as fc.Arbitrary<Step>;

describe('the ledger under any order of operations', () => {
  it.each([
    { name: 'one budget', setup: one, runs: 100 },
    { name: 'four budgets of different windows, matches and counters', setup: several, runs: 150 },
  ])(
    'does what a plain model says, and never passes the limit of any: $name',
    async ({ setup, runs }) => {
      const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), {
        minLength: 1,
        maxLength: 30,
      });
      await fc.assert(
        fc.asyncProperty(rounds, async (steps) => {
          const folder = await mkdtemp(join(tmpdir(), 'teelamma-model-'));
          const run = new Run(join(folder, 'ledger.db'), setup);
          try {
            for (const round of steps) await run.round(round);
          } finally {
            await run.end();
            await rm(folder, { recursive: true });
          }
        }),
        { numRuns: runs },
      );
    },
    120_000,
  );
});

/** One sequence of steps against the ledger and the model side by side. */
class Run {
  private readonly file: string;
  private readonly setup: Setup;
  private readonly model: LedgerModel;
  private readonly ledgers: Ledger[] = [];
  /** Owner number of each ledger: a reopened one is a new owner. */
  private readonly owners: number[] = [];
  private readonly leftOvers: Ledger[] = [];
  /** Owners that crashed and are not recovered yet. */
  private readonly crashed = new Set<number>();
  private nextOwner = 0;
  private nextId = 0;

  constructor(file: string, setup: Setup) {
    this.file = file;
    this.setup = setup;
    this.model = new LedgerModel(setup.model, startMs);
    this.reopen(0);
    this.reopen(1);
  }

  /** Steps of one ledger in one round share a transaction; a step that ends a ledger, moves the clock or recovers stands alone. */
  async round(steps: readonly Step[]): Promise<void> {
    const first = steps[0];
    if (!first) return;
    if (!('who' in first) || ['crash', 'dispose', 'recover', 'reset'].includes(first.do)) {
      await this.alone(first);
    } else {
      // What dead owners hold is freed at times of the ledger's own choosing, so it is settled before comparing.
      await this.recover();
      const { who: index } = first;
      const together = steps.filter(
        (one) => 'who' in one && !['crash', 'dispose', 'recover', 'reset'].includes(one.do),
      );
      const checks = together.map((one) => this.start(one, index));
      for (const check of checks) await check();
    }
    await this.compare();
  }

  async end(): Promise<void> {
    await Promise.allSettled(
      [...this.ledgers, ...this.leftOvers].map((ledger) => ledger[Symbol.asyncDispose]()),
    );
  }

  private async alone(one: Step): Promise<void> {
    switch (one.do) {
      case 'clock':
        this.model.nowMs += one.byMs;
        return;
      case 'reset':
        await this.ledger(one.who).reset();
        return this.model.reset();
      case 'recover':
        return this.recover();
      case 'dispose':
        await this.ledger(one.who)[Symbol.asyncDispose]();
        this.model.abandon(this.owner(one.who));
        return this.reopen(one.who);
      case 'crash':
        crash(this.ledger(one.who));
        this.leftOvers.push(this.ledger(one.who));
        this.crashed.add(this.owner(one.who));
        return this.reopen(one.who);
      default:
        throw new Error(`${one.do} does not stand alone`);
    }
  }

  private async recover(): Promise<void> {
    if (this.crashed.size === 0) return;
    await this.ledger(0).recover();
    for (const owner of this.crashed) this.model.abandon(owner);
    this.crashed.clear();
  }

  /** Calls the ledger and the model now; the returned function waits for the ledger and compares. */
  private start(one: Step, index: number): () => Promise<void> {
    const ledger = this.ledger(index);
    switch (one.do) {
      case 'reserve': {
        const atMostTokens = one.atLeast + one.more;
        const reservationId = `res-${this.nextId++}`;
        const request = {
          taskId: 't',
          kind: 'k',
          atLeastTokens: one.atLeast,
          atMostTokens,
          forced: one.forced,
          reservationId,
          scope: one.scope,
        };
        const results = [ledger.reserve(request), ...(one.repeat ? [ledger.reserve(request)] : [])];
        const granted = this.model.reserve(reservationId, one.scope, {
          owner: this.owner(index),
          atLeast: one.atLeast,
          atMost: atMostTokens,
          forced: one.forced,
        });
        return async () => {
          for (const result of await Promise.all(results)) {
            expect(result.granted ? result.reservation.grantedTokens : null).toBe(granted);
          }
        };
      }
      case 'begin': {
        const reservationId = pick(this.model.reservations, one.which);
        if (reservationId === undefined) return async () => undefined;
        const turnId = `turn-${this.nextId++}`;
        const { atLeast, keep } = one;
        const atMost = atLeast + one.more;
        const amounts = { atLeastTokens: atLeast, atMostTokens: atMost, keepTokens: keep };
        const request = { reservationId, turnId, ...amounts, model: 'm' };
        const results = [ledger.beginTurn(request), ...(one.repeat ? [ledger.beginTurn(request)] : [])];
        const hold = this.model.beginTurn(reservationId, turnId, { atLeast, atMost, keep });
        return async () => {
          for (const result of await Promise.all(results))
            expect(result.granted ? result.heldTokens : null).toBe(hold);
        };
      }
      case 'settle': {
        const turnId = pick(this.model.turns, one.which);
        if (turnId === undefined) return async () => undefined;
        const outcome = outcomeOf(one.kind, one.tokens);
        const result = ledger.settleTurn(turnId, outcome);
        const changed = this.model.settle(turnId, outcome);
        const charged = this.model.turns.get(turnId)?.charged;
        return async () => expect(await result).toMatchObject({ changed, chargedTokens: charged });
      }
      case 'close': {
        const id = pick(this.model.reservations, one.which);
        if (id === undefined) return async () => undefined;
        const result = ledger.close(id);
        this.model.close(id);
        return () => result;
      }
      case 'charge': {
        const result = ledger.charge(one.tokens, one.scope);
        this.model.charge(one.tokens, one.scope);
        return async () => void (await result);
      }
      default:
        throw new Error(`${one.do} stands alone`);
    }
  }

  private async compare(): Promise<void> {
    for (const ledger of this.ledgers) {
      const used = ledger.snapshot().filter((budget) => budget.windowStartMs !== null);
      const sums = used.map(({ name, each, settledTokens: settled, heldTokens: held }) => [
        `${name}/${each?.value ?? ''}`,
        { settled, held },
      ]);
      expect(Object.fromEntries(sums)).toEqual(this.model.sums());
    }
    for (const { settled, held, budget, allowedAbove } of this.model.windows) {
      expect(settled + held).toBeLessThanOrEqual(budget.limit + allowedAbove);
    }
    for (const { held, promised } of this.model.promises()) expect(held).toBeGreaterThanOrEqual(promised);
    expect((await this.ledger(0).check()).problems).toEqual([]);
  }

  private reopen(index: number): void {
    this.ledgers[index] = openSqliteLedger(
      { file: this.file, budgets: () => this.setup.specs },
      { nowMs: () => this.model.nowMs, newId: randomUUID },
    );
    this.owners[index] = this.nextOwner++;
  }

  private ledger(index: number): Ledger {
    const ledger = this.ledgers[index];
    if (!ledger) throw new Error(`There is no ledger ${index}`);
    return ledger;
  }

  private owner(index: number): number {
    return this.owners[index] ?? -1;
  }
}

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(9).map((n) => n === 0);
}

function pick(map: ReadonlyMap<string, unknown>, which: number): string | undefined {
  const ids = [...map.keys()];
  // The latest are the likeliest to be open still.
  return ids[Math.max(0, ids.length - 1 - which)];
}

function outcomeOf(kind: TurnOutcome['kind'], outputTokens: number): TurnOutcome {
  if (kind !== 'usage') return { kind, reason: 'model' };
  return {
    kind,
    usage: { inputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens },
  };
}

/** Drops the connection and the lock as the end of a process would; real processes are killed by src/verify/. */
function crash(ledger: Ledger): void {
  const { opened } = ledger as unknown as {
    opened: { db: DatabaseSync; owner: { lock: { db: DatabaseSync } | null } } | null;
  };
  opened?.owner.lock?.db.close();
  opened?.db.close();
}
