import type { DatabaseSync } from 'node:sqlite';
import type { TaskQuery, TaskRecord } from '../TaskRecord.ts';
import { type TaskColumns, taskConditions } from '../task-columns.ts';
import { prepared } from './prepared.ts';

/** Within a transaction: writes a task, or writes it anew. */
export function writeTask(db: DatabaseSync, task: TaskColumns): void {
  const { id, startedMs, agent, kind, door, project, outcome, model, title, record } = task;
  prepared(
    db,
    `INSERT INTO task (id, started_ms, agent, kind, door, project, outcome, model, title, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET started_ms = excluded.started_ms, agent = excluded.agent, kind = excluded.kind,
        door = excluded.door, project = excluded.project, outcome = excluded.outcome, model = excluded.model, title = excluded.title, record = excluded.record`,
  ).run(id, startedMs, agent, kind, door, project, outcome, model, title, record);
}

export function readTask(db: DatabaseSync, taskId: string): TaskRecord | null {
  const row = prepared(db, 'SELECT record FROM task WHERE id = ?').get(taskId);
  return row ? (JSON.parse(String(row['record'])) as TaskRecord) : null;
}

/** Tasks by start, newest first. */
export function readTasks(db: DatabaseSync, query: TaskQuery): TaskRecord[] {
  const values = taskConditions(query).flatMap((condition) => condition.values);
  const rows = prepared(db, tasksSql(query)).all(...values, query.limit ?? 100);
  return rows.map((row) => JSON.parse(String(row['record'])) as TaskRecord);
}

/** The statement of `readTasks`: it finds ids in an index, and reads no other row. */
export function tasksSql(query: TaskQuery): string {
  const conditions = taskConditions(query).map(({ sql }) => sql);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return `SELECT record FROM task WHERE id IN (SELECT id FROM task ${where} ORDER BY started_ms DESC, id DESC LIMIT ?)
    ORDER BY started_ms DESC, id DESC`;
}
