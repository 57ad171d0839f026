import { DatabaseSync } from 'node:sqlite';

export interface YearOptions {
  /** Default 200,000. */
  readonly tasks?: number;
  /** Calls of each. Default 3. */
  readonly turns?: 1 | 3;
  /** When the year ends. */
  readonly nowMs: number;
}

/**
 * Writes a year of work, with working hours, straight into the tables of a SQLite ledger that exists and that nobody has open: the ledger's
 * own way would take minutes, and a statement for each row several times as long as these. The same every time but for the ending.
 */
export function fillYear(file: string, { tasks = 200_000, turns = 3, nowMs }: YearOptions): void {
  const db = new DatabaseSync(file);
  // No journal, and all indexes in memory.
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -800000; BEGIN');
  // Made anew from rows that are there: to keep them with each row would take most of the time.
  const indexes = db
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
    .all();
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  db.exec(workSql);
  db.prepare(workRowsSql).run(tasks, tasks, nowMs);
  db.exec(tableRowsSql(turns));
  for (const { sql } of indexes) db.exec(String(sql));
  db.exec('DROP TABLE work; COMMIT; PRAGMA journal_mode = WAL');
  db.close();
}

const workSql = `CREATE TEMP TABLE work (n INTEGER PRIMARY KEY, id TEXT, start_ms INTEGER, kind TEXT, door TEXT, project TEXT, is_free INTEGER,
  size INTEGER, model TEXT, agent TEXT, outcome TEXT, scope TEXT)`;

/** `r1` to `r6`: numbers below 1,000 that look like chance. */
const workRowsSql = `
  WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?),
  dice AS (
    SELECT n, (n * 7919 + 3) % 997 AS r1, (n * 104729 + 11) % 991 AS r2, (n * 1299709 + 5) % 983 AS r3,
      (n * 15485863 + 7) % 977 AS r4, (n * 32452843 + 1) % 971 AS r5, (n * 49979687 + 13) % 967 AS r6
    FROM numbers
  ),
  named AS (
    SELECT n, r1, r4, r5, r6,
      CASE WHEN r1 < 400 THEN 'simple' WHEN r1 < 700 THEN 'complex' ELSE 'gateway main' END AS kind,
      CASE WHEN r1 >= 700 THEN 'gateway' WHEN r2 < 500 THEN 'cli' ELSE 'mcp' END AS door,
      CASE WHEN r3 < 400 THEN 'shop' WHEN r3 < 600 THEN 'web' WHEN r3 < 750 THEN 'api' WHEN r3 < 870 THEN 'infra'
        WHEN r3 < 950 THEN 'docs' ELSE 'mobile' END AS project,
      r1 < 400 OR r2 % 5 = 0 AS is_free
    FROM dice
  )
  INSERT INTO work
  SELECT n, printf('task-%06d', n),
    ?3 - 365 * 86400000 + CAST(n * 365 / ?2 AS INTEGER) * 86400000 + (n * 43200 / (?2 / 365 + 1)) % 43200 * 1000 + r4,
    kind, door, project, is_free, r5 * 3,
    CASE WHEN is_free THEN 'qwen3:8b' WHEN r6 % 5 > 0 THEN 'claude-sonnet-5-5' ELSE 'claude-opus-5' END,
    CASE WHEN is_free THEN 'ollama-specialist' ELSE 'claude-specialist' END,
    CASE WHEN r6 % 10 > 0 THEN 'approved' ELSE 'failed' END,
    json_object('project', project, 'door', door, 'user', 'ana', 'complexity', kind)
  FROM named`;

const tableRowsSql = (turns: 1 | 3) => `
  INSERT INTO reservation (seq, owner, windows, task_id, kind, forced, granted, unsent, charged, turns, created_ms, closed_ms, whole_task, scope)
    SELECT 1000 + n, 1, '', id, kind, 0, 0, 0, ${turns} * size, ${turns}, start_ms, start_ms + 4000, 1, scope FROM work WHERE NOT is_free;
  INSERT INTO turn (own_id, reservation, model, state, hold, charged, started_ms, settled_ms, input, cache_creation, cache_read, output,
      latency_ms, free_task_id, free_kind, free_agent, free_scope)
    SELECT CASE WHEN is_free THEN printf('free-%06d-%d', n, t) END, CASE WHEN is_free THEN NULL ELSE 1000 + n END, model, 1,
      CASE WHEN is_free THEN 0 ELSE 2 * size END, CASE WHEN is_free THEN 0 ELSE size END, start_ms + t * 1000, start_ms + t * 1000 + 900,
      size - size / 4, 0, 0, size / 4, 900, CASE WHEN is_free THEN id END, CASE WHEN is_free THEN kind END,
      CASE WHEN is_free THEN agent END, CASE WHEN is_free THEN scope END
    FROM work CROSS JOIN (SELECT 0 AS t${turns === 3 ? ' UNION ALL SELECT 1 UNION ALL SELECT 2' : ''}) ORDER BY n, t;
  INSERT INTO task (id, started_ms, agent, kind, door, project, outcome, model, title, record)
    SELECT id, start_ms, agent, kind, door, project, outcome, model, NULL,
      '{"taskId":"' || id || '","kind":"' || kind || '","scope":' || scope || ',"strategy":"budget-first","startedAtMs":' || start_ms ||
      ',"endedAtMs":' || (start_ms + 4000) || ',"decision":{"targetAgent":"' || agent || '","cause":"' || kind ||
      '","confidence":0.8,"estimatedTokens":1000,"forced":false,"reason":"' ||
      CASE WHEN is_free THEN 'Simple task (score 0.12): Ollama does it'
        ELSE 'Complex task (score 0.81), and the token budget has room: about 1,000 tokens needed' END ||
      '"},"complexity":{"level":"simple","score":0.42,"confidence":0.8,"signals":[{"name":"a-signal","value":0.6,"weight":0.25},' ||
      '{"name":"another","value":0.1,"weight":-0.5}]},"agent":"' || agent || '","model":"' || model || '","outcome":"' || outcome ||
      '","issues":[],"handovers":[],"reviews":[{"agent":"' || agent || '","purpose":"answer","outcome":"' || outcome ||
      '"}],"chargedTokens":' || CASE WHEN is_free THEN 0 ELSE ${turns} * size END ||
      ',"turns":${turns},"latencyMs":4000,"prompt":{"length":240,"sha256":"0123456789abcdef"}}'
    FROM work;`;
