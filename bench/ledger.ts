/**
 * Reserve+settle pairs per second on one hot budget: SQLite with 1 and 8 processes, Postgres (a server that the benchmark starts, with its
 * default, durable settings) with 1, 8 and 64 connections, each beside the bare SQL statements on the same file or server in the same
 * run. Prints a table and, last, one line of JSON.
 *
 *     node bench/ledger.ts [--rounds 5] [--ms 1000] [--sqlite 1,8] [--postgres 1,8,64] [--loops bare,pairs-1,...]
 *
 * `--sqlite none` and `--postgres none` leave one out. The loops are described in ledger/ledger-loop.ts and the bare ones.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/start-postgres.ts';
import { preparePostgres } from './ledger/bare-postgres.ts';
import { prepareSqlite } from './ledger/bare-sqlite.ts';
import { measure } from './ledger/measure.ts';
import { type Sample, tabulate } from './ledger/report.ts';

const sqliteLoops = ['bare', 'pairs-1', 'calls-1', 'pairs-32', 'calls-32'];
const postgresLoops = ['bare', 'bare-own-row', 'pairs-1', 'leased-pairs-1', 'pairs-32', 'leased-pairs-32'];
/** The connections to Postgres are spread over at most this many processes, so that the clients' own processes do not crowd out the server. */
const mostPostgresProcesses = 4;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    sqlite: { type: 'string', default: '1,8' },
    postgres: { type: 'string', default: '1,8,64' },
    loops: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.ms);
const samples: Sample[] = [];
for (const processes of counts(values.sqlite)) await measureSqlite(processes);
await measurePostgres(counts(values.postgres));

const rows = tabulate(samples);
console.table(rows);
console.log(JSON.stringify({ benchmark: 'ledger', node: process.version, rounds, durationMs, rows }));

async function measureSqlite(processes: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'teelamma-bench-'));
    try {
      const file = join(folder, 'ledger.db');
      await prepareSqlite(file);
      for (const loop of chosen(sqliteLoops)) {
        const work = { target: `file:${file}`, loop, connections: 1, durationMs };
        const measured = await measure(Array.from({ length: processes }, () => work));
        samples.push({ ledger: 'sqlite', connections: processes, loop, round, measured });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function measurePostgres(connectionCounts: readonly number[]): Promise<void> {
  if (connectionCounts.length === 0) return;
  await using server = await startPostgres();
  for (const connections of connectionCounts) {
    for (let round = 0; round < rounds; round += 1) {
      const target = await server.createDatabase();
      await preparePostgres(target);
      for (const loop of chosen(postgresLoops)) {
        const processes = Math.min(connections, mostPostgresProcesses);
        const work = { target, loop, connections: connections / processes, durationMs };
        const measured = await measure(Array.from({ length: processes }, () => work));
        samples.push({ ledger: 'postgres', connections, loop, round, measured });
      }
    }
  }
}

function chosen(loops: readonly string[]): readonly string[] {
  const wanted = values.loops?.split(',');
  return wanted ? loops.filter((loop) => wanted.includes(loop)) : loops;
}

/** Multiples of the number of processes, so that each has as many connections as the others. */
function counts(list: string): number[] {
  if (list === 'none') return [];
  const numbers = list.split(',').map(Number);
  if (
    numbers.every(
      (one) => Number.isInteger(one) && one > 0 && one % Math.min(one, mostPostgresProcesses) === 0,
    )
  )
    return numbers;
  throw new Error(`Give numbers of connections such as 1,8,64, or none; this was "${list}".`);
}
