/**
 * Reserve+settle pairs per second of the SQLite ledger, with 1 and 8 processes, against a bare loop of two
 * `UPDATE ... RETURNING` a pair on the same SQLite file in the same run. Prints a table and, last, one line of JSON.
 *
 *     node bench/ledger.ts [--rounds 5] [--ms 1000] [--processes 1,8]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BudgetSpec, Ledger } from '../src/state/Ledger.ts';
import { openSqliteLedger } from '../src/state/sqlite-ledger.ts';

type Loop = (typeof loops)[number];

interface WorkerResult {
  readonly pairs: number;
  readonly seconds: number;
  /** Waits for one call, in microseconds, sorted. */
  readonly latenciesUs: readonly number[];
}

interface Measured {
  readonly pairsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Pairs of the slowest process against an equal share; 1 is fair. */
  readonly slowestShare: number;
}

/**
 * bare: two autocommitted updates. pairs: `reserve({firstTurn})`, then `settleTurn` and `close` in one tick: two commits.
 * calls: reserve, beginTurn, settleTurn, close, each awaited: four commits. The number is how many pairs are outstanding at a time.
 */
const loops = ['bare', 'pairs-1', 'calls-1', 'pairs-32', 'calls-32'] as const;
const usage = { inputTokens: 300, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens: 120 };
const budget: BudgetSpec = {
  name: 'daily',
  limitTokens: 1_000_000_000_000,
  windowMs: 24 * 60 * 60 * 1000,
  thresholdsPercent: [75, 90, 100],
};

if (process.argv[2] === 'worker')
  await work(process.argv[3] ?? '', process.argv[4] as Loop, Number(process.argv[5]));
else await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      ms: { type: 'string', default: '1000' },
      processes: { type: 'string', default: '1,8' },
    },
  });
  const results: Record<string, Measured[]> = {};
  const processCounts = values.processes.split(',').map(Number);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const processes of processCounts) {
      const folder = mkdtempSync(join(tmpdir(), 'teelamma-bench-'));
      try {
        const file = join(folder, 'ledger.db');
        await prepare(file);
        for (const loop of loops) {
          const key = `${processes} x ${loop}`;
          results[key] ??= [];
          results[key].push(await measure(file, loop, processes, Number(values.ms)));
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  report(results, processCounts);
}

/** Makes the ledger, and the bare table in the same file. */
async function prepare(file: string): Promise<void> {
  const ledger = open(file);
  await ledger.charge(1);
  await ledger[Symbol.asyncDispose]();
  using db = new DatabaseSync(file);
  db.exec(
    'CREATE TABLE bare (seq INTEGER PRIMARY KEY, used INTEGER NOT NULL); INSERT INTO bare VALUES (1, 0)',
  );
}

async function measure(file: string, loop: Loop, processes: number, durationMs: number): Promise<Measured> {
  const workers = Array.from({ length: processes }, () =>
    fork(fileURLToPath(import.meta.url), ['worker', file, loop, String(durationMs)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
    }),
  );
  try {
    await Promise.all(workers.map((worker) => message(worker)));
    const finished = workers.map((worker) => message(worker) as Promise<WorkerResult>);
    for (const worker of workers) worker.send('go');
    return summarise(await Promise.all(finished));
  } finally {
    for (const worker of workers) worker.kill();
  }
}

function message(worker: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`A worker ended with code ${code} before it was done`)));
  });
}

function summarise(results: readonly WorkerResult[]): Measured {
  const rates = results.map(({ pairs, seconds }) => pairs / seconds);
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  const waits = results.flatMap(({ latenciesUs }) => latenciesUs).sort((a, b) => a - b);
  const at = (part: number) => waits[Math.min(waits.length - 1, Math.floor(part * waits.length))] ?? 0;
  return {
    pairsPerSecond: total,
    p50Us: at(0.5),
    p99Us: at(0.99),
    maxUs: at(1),
    slowestShare: (Math.min(...rates) * rates.length) / total,
  };
}

function report(results: Record<string, Measured[]>, processCounts: readonly number[]): void {
  const rows = processCounts.flatMap((processes) => {
    const bare = results[`${processes} x bare`] ?? [];
    return loops.map((loop) => {
      const measured = results[`${processes} x ${loop}`] ?? [];
      const ratios = measured.map((one, round) => one.pairsPerSecond / (bare[round]?.pairsPerSecond ?? 1));
      const median = (pick: (one: Measured) => number) => medianOf(measured.map(pick));
      return {
        processes,
        loop,
        pairsPerSecond: Math.round(median((one) => one.pairsPerSecond)),
        ratioToBare: round2(medianOf(ratios)),
        ratioLowest: round2(Math.min(...ratios)),
        ratioHighest: round2(Math.max(...ratios)),
        p50Us: Math.round(median((one) => one.p50Us)),
        p99Us: Math.round(median((one) => one.p99Us)),
        maxMs: Math.round(Math.max(...measured.map((one) => one.maxUs)) / 1000),
        slowestShare: round2(median((one) => one.slowestShare)),
      };
    });
  });
  console.table(rows);
  console.log(JSON.stringify({ benchmark: 'ledger', node: process.version, rows }));
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

async function work(file: string, loop: Loop, durationMs: number): Promise<void> {
  const latenciesUs: number[] = [];
  const timed = async <T>(call: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await call();
    latenciesUs.push((performance.now() - start) * 1000);
    return result;
  };
  const { pair, outstanding, done } =
    loop === 'bare' ? bareLoop(file, latenciesUs) : ledgerLoop(file, loop, timed);
  for (let warm = 0; warm < 20; warm += 1) await pair();
  latenciesUs.length = 0;
  const go = new Promise((resolve) => process.once('message', resolve));
  process.send?.('ready');
  await go;

  const start = performance.now();
  const end = start + durationMs;
  let pairs = 0;
  const lane = async () => {
    while (performance.now() < end) {
      const result = pair();
      if (result) await result;
      pairs += 1;
    }
  };
  await Promise.all(Array.from({ length: outstanding }, lane));
  const seconds = (performance.now() - start) / 1000;
  await done();
  process.send?.({ pairs, seconds, latenciesUs } satisfies WorkerResult, () => process.disconnect());
}

interface BenchLoop {
  readonly pair: () => Promise<void> | undefined;
  readonly outstanding: number;
  readonly done: () => Promise<void>;
}

/** Nothing but SQLite: no promise, no decision, one row; the connection is set up as the ledger's. */
function bareLoop(file: string, latenciesUs: number[]): BenchLoop {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
  const update = db.prepare('UPDATE bare SET used = used + ? WHERE seq = 1 RETURNING used');
  const step = (tokens: number) => {
    const start = performance.now();
    update.get(tokens);
    latenciesUs.push((performance.now() - start) * 1000);
  };
  const pair = () => {
    step(1000);
    step(-580);
    return undefined;
  };
  return { pair, outstanding: 1, done: async () => db.close() };
}

function ledgerLoop(file: string, loop: Loop, timed: <T>(call: () => Promise<T>) => Promise<T>): BenchLoop {
  const ledger = open(file);
  const task = { taskId: 'benchmark-task', kind: 'complex', atLeastTokens: 1000 };
  const model = 'claude-sonnet-4-5';
  const outcome = { kind: 'usage', usage, latencyMs: 1200 } as const;
  const pair = async () => {
    const reserved = await timed(() => ledger.reserve({ ...task, firstTurn: { model } }));
    if (!reserved.granted || !reserved.firstTurn) throw new Error('The benchmark was refused');
    const { turnId } = reserved.firstTurn;
    const { id } = reserved.reservation;
    await timed(() => Promise.all([ledger.settleTurn(turnId, outcome), ledger.close(id)]));
  };
  const calls = async () => {
    const reserved = await timed(() => ledger.reserve(task));
    if (!reserved.granted) throw new Error('The benchmark was refused');
    const { id: reservationId } = reserved.reservation;
    const amounts = { atLeastTokens: 1000, atMostTokens: 1000 };
    const begun = await timed(() => ledger.beginTurn({ reservationId, ...amounts, model }));
    if (!begun.granted) throw new Error('The benchmark was refused');
    await timed(() => ledger.settleTurn(begun.turnId, outcome));
    await timed(() => ledger.close(reservationId));
  };
  return {
    pair: loop.startsWith('pairs') ? pair : calls,
    outstanding: Number(loop.split('-')[1]),
    done: async () => ledger[Symbol.asyncDispose](),
  };
}

function open(file: string): Ledger {
  return openSqliteLedger({ file, budgets: () => [budget] }, { nowMs: Date.now, newId: randomUUID });
}
