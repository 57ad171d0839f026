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
const projects = ['shop', 'web', 'api', 'infra', 'docs', 'mobile'];

const folder = mkdtempSync(join(tmpdir(), 'teelamma-history-'));
const file = join(folder, 'ledger.db');
const budgets = () => [{ name: 'default', limitTokens: 1e12, windowMs: dayMs, thresholdsPercent: [] }];
await using ledger = openSqliteLedger({ file, budgets }, { nowMs: Date.now, newId: randomUUID });
try {
  await ledger.status();
  fill(file);
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

/** A year with working hours, written straight into the tables: the ledger's own way would take minutes. */
function fill(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  const reservation =
    db.prepare(`INSERT INTO reservation (owner, windows, task_id, kind, forced, granted, unsent, charged, turns,
    created_ms, closed_ms, whole_task, scope) VALUES (1, '', ?, ?, 0, 0, 0, ?, 3, ?, ?, 1, ?)`);
  const turn =
    db.prepare(`INSERT INTO turn (reservation, model, state, hold, charged, started_ms, settled_ms, input, cache_creation,
    cache_read, output, latency_ms) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 900)`);
  const free =
    db.prepare(`INSERT INTO turn (own_id, model, state, hold, started_ms, settled_ms, input, cache_creation, cache_read, output,
    latency_ms, free_task_id, free_kind, free_agent, free_scope) VALUES (?, 'qwen3:8b', 1, 0, ?, ?, ?, 0, 0, ?, 900, ?, ?, 'ollama-specialist', ?)`);
  const task = db.prepare(
    'INSERT INTO task (id, started_ms, agent, kind, door, project, outcome, title, record) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)',
  );
  let state = 7;
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
  for (let n = 0; n < taskCount; n += 1) {
    const day = Math.floor((n / taskCount) * 365);
    const startMs = nowMs - 365 * dayMs + day * dayMs + Math.floor(random() * 12 * 3_600_000);
    const kind = random() < 0.4 ? 'simple' : random() < 0.5 ? 'complex' : 'gateway main';
    const door = kind === 'gateway main' ? 'gateway' : random() < 0.5 ? 'cli' : 'mcp';
    const project = projects[Math.floor(random() ** 2 * projects.length)] ?? '';
    const scope = JSON.stringify({ project, door, user: 'ana', complexity: kind });
    const isFree = kind === 'simple' || random() < 0.2;
    const id = `task-${n}`;
    const size = Math.floor(random() * 3_000);
    if (isFree) {
      for (let t = 0; t < 3; t += 1)
        free.run(
          `free-${n}-${t}`,
          startMs + t * 1_000,
          startMs + t * 1_000 + 900,
          size,
          size,
          id,
          kind,
          scope,
        );
    } else {
      const model = random() < 0.8 ? 'claude-sonnet-5-5' : 'claude-opus-5';
      const made = reservation.run(id, kind, 3 * size, startMs, startMs + 4_000, scope).lastInsertRowid;
      for (let t = 0; t < 3; t += 1)
        turn.run(made, model, 2 * size, size, startMs + t * 1_000, startMs + t * 1_000 + 900, size, 0, 0, 0);
    }
    const outcome = random() < 0.9 ? 'approved' : 'failed';
    const agent = isFree ? 'ollama-specialist' : 'claude-specialist';
    const record = JSON.stringify({
      taskId: id,
      kind,
      startedAtMs: startMs,
      outcome,
      signals: Array.from({ length: 12 }, () => ({ name: 'a-signal', value: random(), weight: random() })),
    });
    task.run(id, startMs, agent, kind, door, project, outcome, record);
  }
  db.exec('COMMIT');
  db.close();
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
