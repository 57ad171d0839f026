import type { Pool } from 'pg';
import type { TaskQuery, TaskRecord } from '../TaskRecord.ts';
import { type TaskColumns, taskConditions } from '../task-columns.ts';

/** Writes a task, or writes it anew. */
export async function writeTask(pool: Pool, task: TaskColumns): Promise<void> {
  const { id, startedMs, agent, kind, door, project, outcome, model, title, record } = task;
  await pool.query(
    `INSERT INTO teelamma.task (id, started_ms, agent, kind, door, project, outcome, model, title, record)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (id) DO UPDATE SET started_ms = excluded.started_ms, agent = excluded.agent, kind = excluded.kind,
        door = excluded.door, project = excluded.project, outcome = excluded.outcome, model = excluded.model, title = excluded.title, record = excluded.record`,
    [id, startedMs, agent, kind, door, project, outcome, model, title, record],
  );
}

export async function readTask(pool: Pool, taskId: string): Promise<TaskRecord | null> {
  const { rows } = await pool.query('SELECT record FROM teelamma.task WHERE id = $1', [taskId]);
  return rows[0] ? (JSON.parse(String(rows[0]['record'])) as TaskRecord) : null;
}

/** Tasks by start, newest first. */
export async function readTasks(pool: Pool, query: TaskQuery): Promise<TaskRecord[]> {
  const conditions = taskConditions(query);
  let count = 0;
  const placeholder = () => {
    count += 1;
    return `$${count}`;
  };
  const parts = conditions.map(({ sql }) => sql.replaceAll('?', placeholder));
  const where = parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`;
  const { rows } = await pool.query(
    `SELECT record FROM teelamma.task WHERE id IN
      (SELECT id FROM teelamma.task ${where} ORDER BY started_ms DESC, id DESC LIMIT ${placeholder()})
      ORDER BY started_ms DESC, id DESC`,
    [...conditions.flatMap(({ values }) => values), query.limit ?? 100],
  );
  return rows.map((row) => JSON.parse(String(row['record'])) as TaskRecord);
}
