/**
 * What the history's questions cost on a year of work: 200,000 tasks, 600,000 turns, in a SQLite ledger. Each question is asked again
 * and again on a connection that is open, with new turns in between; beside each the same sums by a scan of every turn in SQL, in the
 * same run. Goal: p95 under 50 ms. The first question after an update stores the sums of the whole year; it is measured by itself.
 *
 *     node bench/history.ts [--tasks 200000] [--rounds 40] [--json]
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { openSqliteLedger } from '../src/state/sqlite-ledger.ts';
import type { UsageQuery } from '../src/state/usage/UsageQuery.ts';
import { fillYear } from '../test/support/fill-year.ts';

const goalMs = 50;
const { values: flags } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const taskCount = Number(flags.tasks);
const rounds = Number(flags.rounds);
const dayMs = 86_400_000;
const timeZone = 'Europe/Zurich';
const nowMs = Date.now();

const folder = mkdtempSync(join(tmpdir(), 'teelamma-history-'));
const file = join(folder, 'ledger.db');
const budgets = () => [{ name: 'default', limitTokens: 1e12, windowMs: dayMs, thresholdsPercent: [] }];
await using ledger = openSqliteLedger({ file, budgets }, { nowMs: Date.now, newId: randomUUID });
try {
  await ledger.status();
  fillYear(file, { tasks: taskCount, nowMs });
  const everyDay: UsageQuery = { by: ['day', 'agent'], timeZone };
  const firstMs = await time(() => ledger.usage(everyDay));

  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    'usage: a year by day and agent': () => ledger.usage(everyDay),
    'usage: a year by day and project': () => ledger.usage({ by: ['day', 'project'], timeZone }),
    'usage: a year by model and kind': () => ledger.usage({ by: ['model', 'kind'], timeZone }),
    'usage: one project, a year by day': () =>
      ledger.usage({ by: ['day'], timeZone, where: { project: 'web' } }),
    'usage: 30 days by day and model': () =>
      ledger.usage({ by: ['day', 'model'], timeZone, sinceMs: nowMs - 30 * dayMs }),
    'usage: 7 days by hour and agent': () =>
      ledger.usage({ by: ['hour', 'agent'], timeZone, sinceMs: nowMs - 7 * dayMs }),
    'tasks: newest 100': () => ledger.tasks({}),
    'tasks: newest 100 of a project that failed': () => ledger.tasks({ project: 'api', outcome: 'failed' }),
    'tasks: a page in the middle': () =>
      ledger.tasks({ after: { startedAtMs: nowMs - 180 * dayMs, taskId: 'x' }, agent: 'ollama-specialist' }),
  };
  const scanned = scan(file);
  const rows = [];
  for (const [question, ask] of Object.entries(questions)) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await spend();
      times.push(await time(ask));
    }
    times.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round((times[Math.floor((times.length - 1) * share)] ?? Number.NaN) * 100) / 100;
    rows.push({ question, p50Ms: at(0.5), p95Ms: at(0.95), longestMs: at(1), met: at(0.95) < goalMs });
  }
  const turns = Number(scanned.turns);
  const fileMb = Math.round(statSync(file).size / 1e6);
  if (!flags.json) {
    console.table(rows);
    console.log(
      `${turns} turns, ${fileMb} MB; the first question, which stores the sums: ${Math.round(firstMs)} ms; ` +
        `the same by a scan of every turn in SQL: ${Math.round(scanned.ms)} ms`,
    );
  }
  console.log(
    JSON.stringify({
      bench: 'history',
      tasks: taskCount,
      turns,
      fileMb,
      goalMs,
      firstMs,
      scanMs: scanned.ms,
      rows,
    }),
  );
  if (rows.some(({ met }) => !met)) process.exitCode = 1;
} finally {
  await ledger[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

/** The reference: the same question by reading every turn. */
function scan(path: string): { readonly ms: number; readonly turns: unknown } {
  const db = new DatabaseSync(path);
  const startedMs = performance.now();
  const rows = db
    .prepare(`SELECT started_ms / ${dayMs} AS day, free_agent, sum(turn.charged), sum(input), sum(output), count(*)
    FROM turn LEFT JOIN reservation ON reservation.seq = turn.reservation GROUP BY 1, 2`)
    .all();
  const ms = performance.now() - startedMs;
  if (rows.length === 0) throw new Error('nothing was written');
  const turns = db.prepare('SELECT count(*) AS n FROM turn').get()?.['n'];
  db.close();
  return { ms, turns };
}

/** One more turn, so that each question finds something that is in no stored sum. */
async function spend(): Promise<void> {
  const made = await ledger.reserve({
    taskId: randomUUID(),
    kind: 'complex',
    atLeastTokens: 10,
    firstTurn: { model: 'claude-opus-5' },
  });
  if (!made.granted || !made.firstTurn) throw new Error('was refused');
  const usage = { inputTokens: 5, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens: 5 };
  await ledger.settleTurn(made.firstTurn.turnId, { kind: 'usage', usage });
  await ledger.close(made.reservation.id);
}

async function time(call: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await call();
  return performance.now() - startedMs;
}
