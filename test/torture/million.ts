/**
 * A million turns over both ledgers, with kills: `npm run torture:million`. 64 processes over SQLite; 8 processes with 64 connections over
 * a Postgres that is killed too. Prints a report with its seed as JSON; exit code 1 where a limit was passed, a settled token lost, or a
 * hold left that recovery does not resolve.
 *
 *     node test/torture/million.ts [--sqlite-turns 800000] [--postgres-turns 200000] [--seed n]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { postgresRun } from './million/postgres-run.ts';
import { sqliteRun } from './million/sqlite-run.ts';

const { values } = parseArgs({
  options: {
    'sqlite-turns': { type: 'string', default: '800000' },
    'postgres-turns': { type: 'string', default: '200000' },
    processes: { type: 'string', default: '64' },
    connections: { type: 'string', default: '64' },
    'tasks-at-once': { type: 'string', default: '3' },
    'at-most-minutes': { type: 'string', default: '1000000' },
    'kill-every-ms': { type: 'string', default: '1000' },
    'server-kill-every-ms': { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const seed = Number(values.seed);
const killEveryMs = Number(values['kill-every-ms']);
const program = join(import.meta.dirname, '../../dist/verify/ledger-child.js');

let saidAtMs = performance.now();
const onProgress = (turns: number, killed: number) => {
  if (performance.now() - saidAtMs < 10_000) return;
  saidAtMs = performance.now();
  process.stderr.write(`${turns} turns, ${killed} processes killed\n`);
};
const atMostMs = Number(values['at-most-minutes']) * 60_000;
const common = { seed, killEveryMs, program, onProgress, atMostMs };
const report: Record<string, unknown> = { seed };
let problems = 0;
const sqliteTurns = Number(values['sqlite-turns']);
if (sqliteTurns > 0) {
  const sqlite = await sqliteRun({ ...common, processes: Number(values.processes), turns: sqliteTurns });
  report['sqlite'] = sqlite;
  problems += sqlite.problems.length;
  process.stderr.write(`SQLite: ${JSON.stringify(sqlite)}\n`);
}
const postgresTurns = Number(values['postgres-turns']);
if (postgresTurns > 0) {
  const postgres = await postgresRun({
    ...common,
    processes: 8,
    connections: Number(values.connections),
    turns: postgresTurns,
    tasksAtOnce: Number(values['tasks-at-once']),
    serverKillEveryMs: Number(values['server-kill-every-ms']),
  });
  report['postgres'] = postgres;
  problems += postgres.problems.length;
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = problems === 0 ? 0 : 1;
