/** A process of the benchmark: opens its connections, says so, and works on all of them when it is told to go. */

import { barePostgres, openPostgres } from './bare-postgres.ts';
import { bareSqlite, openSqlite } from './bare-sqlite.ts';
import { type BenchLoop, ledgerLoop } from './ledger-loop.ts';
import type { ConnectionResult, Work } from './measure.ts';

const work = JSON.parse(process.argv[2] ?? '') as Work;
const warmUpPairs = 5;

const loops = await Promise.all(
  Array.from({ length: work.connections }, async () => {
    const latenciesUs: number[] = [];
    const loop = await openLoop(latenciesUs);
    for (let warm = 0; warm < warmUpPairs; warm += 1) await loop.pair();
    latenciesUs.length = 0;
    return { loop, latenciesUs };
  }),
);
const go = new Promise((resolve) => process.once('message', resolve));
process.send?.('ready');
await go;
const results = await Promise.all(loops.map(({ loop, latenciesUs }) => run(loop, latenciesUs)));
await Promise.all(loops.map(({ loop }) => loop.done()));
process.send?.(results, () => process.disconnect());

function openLoop(latenciesUs: number[]): Promise<BenchLoop> | BenchLoop {
  const { target, loop } = work;
  if (target.startsWith('file:')) {
    const file = target.slice('file:'.length);
    return loop === 'bare' ? bareSqlite(file, latenciesUs) : ledgerLoop(openSqlite(file), loop, latenciesUs);
  }
  if (loop.startsWith('bare')) return barePostgres(target, loop === 'bare-own-row', latenciesUs);
  return ledgerLoop(openPostgres(target, loop.startsWith('leased')), loop, latenciesUs);
}

async function run(loop: BenchLoop, latenciesUs: readonly number[]): Promise<ConnectionResult> {
  const startMs = performance.now();
  const endMs = startMs + work.durationMs;
  let pairs = 0;
  const lane = async () => {
    while (performance.now() < endMs) {
      const result = loop.pair();
      if (result) await result;
      pairs += 1;
    }
  };
  await Promise.all(Array.from({ length: loop.outstanding }, lane));
  return { pairs, seconds: (performance.now() - startMs) / 1000, latenciesUs };
}
