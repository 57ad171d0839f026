import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a worker process runs. */
export interface Work {
  /** `file:...` of a SQLite ledger, or the URL of a Postgres database. */
  readonly target: string;
  readonly loop: string;
  /** Connections that the worker opens, each as if it were a process of its own to the ledger. */
  readonly connections: number;
  readonly durationMs: number;
}

/** What one connection did. */
export interface ConnectionResult {
  readonly pairs: number;
  readonly seconds: number;
  /** Waits for one call, in microseconds. */
  readonly latenciesUs: readonly number[];
}

export interface Measured {
  readonly pairsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Pairs of the slowest connection against an equal share; 1 is fair. */
  readonly slowestShare: number;
}

/** Starts the workers, lets all of them go at once, and puts together what their connections did. */
export async function measure(works: readonly Work[]): Promise<Measured> {
  const workers = works.map((work) =>
    fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [JSON.stringify(work)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
    }),
  );
  try {
    await Promise.all(workers.map((worker) => message(worker)));
    const finished = workers.map((worker) => message(worker) as Promise<readonly ConnectionResult[]>);
    for (const worker of workers) worker.send('go');
    return summarise((await Promise.all(finished)).flat());
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

function summarise(results: readonly ConnectionResult[]): Measured {
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
