import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, TurnRecord } from './Ledger.ts';
import type { LedgerFixture } from './ledger-contract.ts';
import type { TaskRecord } from './TaskRecord.ts';
import type { UsageDimension, UsageKey, UsageQuery, UsageRow } from './usage/UsageQuery.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 2, 20, 9);
const claude = 'claude-specialist';

/** What every ledger keeps of tasks, and its sums of usage. */
export function describeHistory(name: string, createFixture: () => Promise<LedgerFixture>): void {
  describe(`ledger history: ${name}`, () => {
    let fixture: LedgerFixture;
    let ledger: Ledger;
    let other: Ledger;
    let nowMs: number;

    beforeEach(async () => {
      fixture = await createFixture();
      nowMs = startMs;
      const budgets = () => [
        { name: 'daily', limitTokens: 1_000_000_000, windowMs: 24 * hourMs, thresholdsPercent: [] },
      ];
      ledger = fixture.open({ budgets, nowMs: () => nowMs });
      other = fixture.open({ budgets, nowMs: () => nowMs });
    });

    afterEach(async () => {
      await ledger[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await fixture.cleanUp();
    });

    describe('tasks', () => {
      it('keeps a task from its decision on, and replaces it when it ends', async () => {
        const running = taskRecord('a', { scope: { project: 'shop' } });
        await ledger.recordTask(running);
        expect(await other.task('a')).toEqual(running);
        const ended = taskRecord('a', {
          ...running,
          outcome: 'approved',
          agent: claude,
          endedAtMs: startMs + 5,
        });
        await other.recordTask(ended);
        expect(await ledger.task('a')).toEqual(ended);
        expect(await ledger.tasks({})).toEqual([ended]);
        expect(await ledger.task('b')).toBeNull();
      });

      it('finds by what is asked for, newest first', async () => {
        await ledger.recordTask(taskRecord('1', { kind: 'simple', scope: { door: 'cli', project: 'shop' } }));
        await ledger.recordTask(
          taskRecord('2', {
            startedAtMs: startMs + 10,
            agent: 'ollama-specialist',
            model: 'qwen3:8b',
            outcome: 'failed',
            scope: { door: 'mcp' },
            prompt: { length: 4, sha256: 'ab', title: 'Sort 100% of A_B' },
          }),
        );
        const ids = async (query: Parameters<Ledger['tasks']>[0]) =>
          (await ledger.tasks(query)).map(({ taskId }) => taskId);
        expect(await ids({})).toEqual(['2', '1']);
        expect(await ids({ kind: 'simple' })).toEqual(['1']);
        expect(await ids({ door: 'mcp' })).toEqual(['2']);
        expect(await ids({ project: 'shop', door: 'cli' })).toEqual(['1']);
        expect(await ids({ project: 'shop', door: 'mcp' })).toEqual([]);
        expect(await ids({ agent: 'ollama-specialist' })).toEqual(['2']);
        expect(await ids({ agent: claude })).toEqual(['1']);
        expect(await ids({ outcome: 'running' })).toEqual(['1']);
        expect(await ids({ outcome: 'failed' })).toEqual(['2']);
        expect(await ids({ model: 'qwen3:8b' })).toEqual(['2']);
        expect(await ids({ model: 'qwen3:8b', outcome: 'failed', agent: 'ollama-specialist' })).toEqual([
          '2',
        ]);
        expect(await ids({ model: 'qwen3:8b', kind: 'simple' })).toEqual([]);
        expect(await ids({ model: '' })).toEqual(['1']);
        expect(await ids({ sinceMs: startMs + 10 })).toEqual(['2']);
        expect(await ids({ untilMs: startMs + 10 })).toEqual(['1']);
        expect(await ids({ text: '100% OF a_b' })).toEqual(['2']);
        expect(await ids({ text: 'aXb' })).toEqual([]);
        expect(await ids({ text: '1' })).toEqual(['2', '1']);
      });

      it('goes on page by page where it stopped, also among tasks of the same moment', async () => {
        for (let n = 0; n < 23; n += 1) {
          await ledger.recordTask(taskRecord(`task-${n}`, { startedAtMs: startMs + Math.floor(n / 6) }));
        }
        const all = await ledger.tasks({});
        const paged: TaskRecord[] = [];
        for (;;) {
          const last = paged.at(-1);
          const page = await ledger.tasks({ limit: 5, ...(last && { after: last }) });
          paged.push(...page);
          if (page.length < 5) break;
        }
        expect(paged).toEqual(all);
        expect(paged).toHaveLength(23);
      });
    });

    it('lists windows, past and running', async () => {
      await spend(ledger, 10);
      nowMs += 25 * hourMs;
      await spend(other, 30);
      const known = { budget: 'daily', counter: '', unit: 'tokens', heldTokens: 0, forcedTokens: 0 };
      expect(await ledger.windows({})).toEqual([
        { ...known, startMs: nowMs, isOpen: true, settledTokens: 30 },
        { ...known, startMs, isOpen: false, settledTokens: 10 },
      ]);
      expect(await ledger.windows({ sinceMs: nowMs })).toHaveLength(1);
    });

    it('lists turns page by page', async () => {
      for (let n = 0; n < 7; n += 1) await spend(ledger, 10);
      nowMs += 5;
      for (let n = 0; n < 7; n += 1) await spend(ledger, 10);
      const all = await ledger.history({});
      const paged: TurnRecord[] = [];
      for (;;) {
        const last = paged.at(-1);
        const page = await ledger.history({ limit: 4, ...(last && { after: last }) });
        paged.push(...page);
        if (page.length < 4) break;
      }
      expect(paged.map(({ turnId }) => turnId)).toEqual(all.map(({ turnId }) => turnId));
      expect(paged).toHaveLength(14);
    });

    describe('usage', () => {
      it('is nothing where nothing was used', async () => {
        expect(await ledger.usage({})).toEqual([]);
        expect(await ledger.usage({ by: ['day', 'agent'], timeZone: 'Asia/Kathmandu' })).toEqual([]);
      });

      it('refuses what it cannot group by', async () => {
        await expect(ledger.usage({ by: ['day', 'hour'] })).rejects.toMatchObject({
          code: 'invalid-argument',
        });
        await expect(ledger.usage({ by: ['agent', 'agent'] })).rejects.toThrow('cannot be grouped');
        await expect(ledger.usage({ timeZone: 'Mars/Olympus' })).rejects.toThrow(
          'no time zone "Mars/Olympus"',
        );
      });

      it('corrects what was summed when usage is learnt late', async () => {
        const { turnId } = await begin(ledger, 500);
        const early = await begin(ledger, 300);
        await ledger.settleTurn(turnId, { kind: 'unknown', reason: 'cut' });
        const query = { by: ['day', 'project'], timeZone: 'UTC' } as const;
        const charged = async (ask: UsageQuery) => (await ledger.usage(ask)).map((row) => row.chargedTokens);
        expect(await charged(query)).toEqual([500]);
        await other.settleTurn(turnId, usage(20));
        expect(await charged(query)).toEqual([20]);
        await other.settleTurn(early.turnId, { kind: 'unknown', reason: 'cut' });
        // A time zone that is new makes the sums be stored.
        expect(await charged({ ...query, timeZone: 'Asia/Kolkata' })).toEqual([320]);
        expect(await charged(query)).toEqual([320]);
        await other.settleTurn(early.turnId, usage(30));
        expect(await charged(query)).toEqual([50]);
        expect(await charged({ ...query, timeZone: 'Europe/Zurich' })).toEqual([50]);
        expect(await charged({ ...query, timeZone: 'Asia/Kolkata' })).toEqual([50]);
      });

      it('sums up many turns the newest first, step by step, whoever does a step, and corrects in between', async () => {
        const zone = { timeZone: 'Europe/Zurich' } as const;
        const early = await begin(ledger, 500, { project: 'shop' });
        const lost = await begin(ledger, 300, { project: 'shop' });
        await ledger.settleTurn(lost.turnId, { kind: 'unknown', reason: 'cut' });
        for (let day = 0; day < 12; day += 1) {
          nowMs += 24 * hourMs;
          const turns = Array.from({ length: 400 }, (_, n) => ({
            turnId: `turn-${day}-${n}`,
            taskId: 'x',
            kind: n % 7 === 0 ? 'simple' : 'complex',
            scope: { project: n % 3 === 0 ? 'shop' : 'web' },
            agent: 'ollama-specialist',
            model: 'qwen3:8b',
            latencyMs: n * 60_000,
            usage: tokens(n),
          }));
          await Promise.all(turns.map((turn) => ledger.recordTurn(turn)));
        }
        const query: UsageQuery = { by: ['day', 'project'], ...zone };
        const same = async (ask: UsageQuery) => {
          const turns = await ledger.history({ limit: 100_000 });
          const found = await other.usage(ask);
          expect(sorted(found.map((row) => shown(row, ask)))).toEqual(sorted(scan(turns, ask)));
        };
        const reached: number[] = [];
        for (let fromMs = await ledger.sumUp(query, 0); fromMs !== null; ) {
          reached.push(fromMs);
          const part = { ...query, sinceMs: fromMs };
          expect(await other.sumUp(part, 0)).toBeNull();
          await same(part);
          if (reached.length === 1) await other.settleTurn(lost.turnId, usage(20));
          fromMs = await other.sumUp(query, 0);
        }
        expect(reached.length).toBeGreaterThan(0);
        expect(reached).toEqual(reached.toSorted((a, b) => b - a));
        await ledger.settleTurn(early.turnId, usage(70));
        await same(query);
        for (const by of [['kind'], ['day', 'kind'], ['day', 'door'], ['day', 'agent', 'model']] as const) {
          await same({ by, ...zone });
        }
        await same({ by: ['day', 'kind'], where: { project: 'shop' }, ...zone });
        await same({ by: ['project'], where: { agent: claude }, ...zone });
      }, 60_000);

      it('equals a scan of every turn, whenever sums were stored in between', async () => {
        const random = generator(20_260_320);
        const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
        const late: string[] = [];
        const zones = [
          'UTC',
          'Europe/Zurich',
          'Asia/Kathmandu',
          'America/New_York',
          'Pacific/Apia',
          'Australia/Darwin',
        ];
        for (let round = 0; round < 12; round += 1) {
          for (let n = 0; n < 25; n += 1) {
            nowMs += Math.floor(random() ** 3 * 20 * hourMs);
            const scope = pick([
              {},
              { project: 'shop', door: 'cli' },
              { project: 'web', door: 'mcp', user: 'ana' },
            ]);
            const by = pick([ledger, other]);
            if (random() < 0.3) {
              const free = { agent: 'ollama-specialist', model: 'qwen3:8b', latencyMs: random() * hourMs };
              const known = { turnId: `free-${round}-${n}`, taskId: 'x', kind: 'simple', scope, ...free };
              await by.recordTurn({ ...known, usage: tokens(Math.floor(random() * 900)) });
              continue;
            }
            const { turnId, reservationId } = await begin(
              by,
              1_000,
              scope,
              pick(['complex', 'gateway main']),
            );
            const fate = random();
            if (fate < 0.5)
              await by.settleTurn(turnId, usage(Math.floor(random() * 1_000), Math.floor(random() * 50)));
            else if (fate < 0.65) await by.settleTurn(turnId, { kind: 'not-charged', reason: 'refused' });
            else if (fate < 0.8) await by.settleTurn(turnId, { kind: 'unknown', reason: 'cut' });
            if (fate >= 0.65) late.push(turnId);
            await by.close(reservationId);
          }
          for (const turnId of late.splice(0, Math.floor(random() * 6))) {
            const ending = pick([usage(77), { kind: 'unknown', reason: 'late' } as const, usage(1_500)]);
            await pick([ledger, other]).settleTurn(turnId, ending);
          }
          // Each zone that is new makes the ledger store what is not stored yet.
          const timeZone = zones[round % zones.length] as string;
          const by = pick<readonly UsageDimension[]>([
            ['day', 'agent'],
            ['hour', 'project'],
            ['day'],
            ['hour'],
            ['model', 'user'],
            ['kind', 'door'],
            [],
          ]);
          const where = pick<UsageQuery['where']>([{}, {}, { agent: claude }, { project: '' }]);
          const turns = await ledger.history({ limit: 100_000 });
          const quarter = 900_000;
          const sinceMs = random() < 0.5 ? undefined : startMs + Math.floor(random() * 100) * quarter;
          const query: UsageQuery = {
            by,
            timeZone,
            ...(where && { where }),
            ...(sinceMs !== undefined && { sinceMs }),
          };
          const found = await pick([ledger, other]).usage(query);
          expect(sorted(found.map((row) => shown(row, query)))).toEqual(sorted(scan(turns, query)));
          const everyDay = { by: ['day'], timeZone } as const;
          const stored = await ledger.usage(everyDay);
          expect(sorted(stored.map((row) => shown(row, everyDay)))).toEqual(sorted(scan(turns, everyDay)));
        }
        expect((await ledger.check()).problems).toEqual([]);
      });
    });

    async function begin(by: Ledger, amount: number, scope = {}, kind = 'complex') {
      const firstTurn = { model: 'claude-sonnet-5-5' };
      const result = await by.reserve({ taskId: 'x', kind, atLeastTokens: amount, scope, firstTurn });
      if (!result.granted || !result.firstTurn) throw new Error('was refused');
      return { turnId: result.firstTurn.turnId, reservationId: result.reservation.id };
    }

    async function spend(by: Ledger, amount: number): Promise<void> {
      const { turnId, reservationId } = await begin(by, amount);
      await by.settleTurn(turnId, usage(amount));
      await by.close(reservationId);
    }
  });
}

function taskRecord(taskId: string, given: Partial<TaskRecord> = {}): TaskRecord {
  return {
    taskId,
    kind: 'complex',
    strategy: 'budget-first',
    startedAtMs: startMs,
    endedAtMs: null,
    decision: {
      targetAgent: claude,
      reason: 'Complex task',
      cause: 'complex',
      confidence: 0.5,
      estimatedTokens: 1_000,
      forced: false,
    },
    complexity: {
      level: 'complex',
      score: 0.7,
      confidence: 0.5,
      signals: [{ name: 'n', value: 1, weight: 2 }],
    },
    agent: null,
    model: null,
    outcome: null,
    issues: [],
    chargedTokens: 0,
    turns: 0,
    handovers: [],
    latencyMs: null,
    prompt: { length: 12, sha256: '0123456789abcdef' },
    ...given,
  };
}

/** The reference: every turn, grouped by what a calendar of the runtime says. */
function scan(turns: readonly TurnRecord[], query: UsageQuery): string[] {
  const sums = new Map<string, number[]>();
  for (const turn of turns) {
    if (turn.state !== 'settled' && turn.state !== 'assumed') continue;
    if (query.sinceMs !== undefined && turn.startedAtMs < query.sinceMs) continue;
    const values = { agent: turn.agent, model: turn.model, kind: turn.kind, ...turn.scope } as Record<
      string,
      string
    >;
    if (Object.entries(query.where ?? {}).some(([key, value]) => (values[key] ?? '') !== value)) continue;
    values['model'] = turn.model;
    const key = (query.by ?? [])
      .map((one) =>
        one === 'day' || one === 'hour' ? moment(turn.startedAtMs, one, query.timeZone) : (values[one] ?? ''),
      )
      .join('|');
    const sum = sums.get(key) ?? [0, 0, 0, 0, 0];
    const { usage } = turn;
    sum[0] = (sum[0] ?? 0) + (usage ? usage.inputTokens + usage.outputTokens : 0);
    sum[3] = (sum[3] ?? 0) + (usage?.cacheCreation5mInputTokens ?? 0);
    sum[4] = (sum[4] ?? 0) + (usage ? usage.cacheCreationInputTokens + usage.cacheReadInputTokens : 0);
    sum[1] = (sum[1] ?? 0) + turn.chargedTokens;
    sum[2] = (sum[2] ?? 0) + 1;
    sums.set(key, sum);
  }
  return [...sums].map(([key, sum]) => `${key}: ${sum.join()}`);
}

function shown(row: UsageRow, query: UsageQuery): string {
  const key = (query.by ?? [])
    .map((one) =>
      one === 'day' || one === 'hour' ? moment(row.startMs ?? 0, one, query.timeZone) : row[one as UsageKey],
    )
    .join('|');
  const cached = row.cacheCreationInputTokens + row.cacheReadInputTokens;
  const sums = [
    row.inputTokens + row.outputTokens,
    row.chargedTokens,
    row.turns,
    row.cacheCreation5mInputTokens,
    cached,
  ];
  return `${key}: ${sums.join()}`;
}

/** With the offset, since an hour comes twice when the clocks go back. */
function moment(atMs: number, unit: 'day' | 'hour', timeZone = 'UTC'): string {
  const known = formats.get(unit + timeZone);
  const format =
    known ??
    new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      ...(unit === 'hour' && { hour: '2-digit', timeZoneName: 'longOffset' }),
    });
  formats.set(unit + timeZone, format);
  return format.format(atMs);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}

function tokens(amount: number, cached = 0) {
  return {
    inputTokens: amount,
    cacheCreationInputTokens: cached,
    ...(cached > 0 && { cacheCreation5mInputTokens: Math.ceil(cached / 2) }),
    cacheReadInputTokens: cached * 3,
    outputTokens: 0,
  };
}

function usage(amount: number, cached = 0) {
  return { kind: 'usage', usage: tokens(amount, cached) } as const;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
