import type { Scope } from './Ledger.ts';
import { mergeScopes } from './scope.ts';
import type { TaskQuery, TaskRecord } from './TaskRecord.ts';

/** What of a task is found by; the rest is kept as it is. */
export interface TaskColumns {
  readonly id: string;
  readonly startedMs: number;
  readonly agent: string;
  readonly kind: string;
  readonly door: string;
  readonly project: string;
  readonly outcome: string;
  readonly model: string;
  readonly title: string | null;
  readonly record: string;
}

/** A record as it is stored, with what the ledger object knows of everything done through it. */
export function taskColumns(task: TaskRecord, own: Scope | null): TaskColumns {
  const scope = mergeScopes(task.scope, own);
  return {
    id: task.taskId,
    startedMs: task.startedAtMs,
    agent: task.agent ?? task.decision.targetAgent,
    kind: task.kind,
    door: scope?.door ?? '',
    project: scope?.project ?? '',
    outcome: task.outcome ?? 'running',
    model: task.model ?? '',
    title: task.prompt.title ?? null,
    record: JSON.stringify({ ...task, ...(scope && { scope }) }),
  };
}

/** A condition of a query and its value; the ledger writes its own placeholder for `?`. */
export interface TaskCondition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The conditions of a query in SQL that both SQLite and Postgres understand. */
export function taskConditions(query: TaskQuery): TaskCondition[] {
  const conditions: TaskCondition[] = [];
  const add = (sql: string, ...values: readonly (string | number)[]) => conditions.push({ sql, values });
  for (const column of ['agent', 'kind', 'door', 'project', 'outcome', 'model'] as const) {
    const value = query[column];
    if (value !== undefined) add(`${column} = ?`, value);
  }
  if (query.sinceMs !== undefined) add('started_ms >= ?', query.sinceMs);
  if (query.untilMs !== undefined) add('started_ms < ?', query.untilMs);
  if (query.text !== undefined && query.text !== '') {
    const literal = query.text.toLowerCase().replace(/[\\%_]/g, '\\$&');
    add(`(lower(id) LIKE ? ESCAPE '\\' OR lower(title) LIKE ? ESCAPE '\\')`, `${literal}%`, `%${literal}%`);
  }
  const { after } = query;
  if (after) add('(started_ms, id) < (?, ?)', after.startedAtMs, after.taskId);
  return conditions;
}
