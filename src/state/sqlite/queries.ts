import type { DatabaseSync } from 'node:sqlite';
import {
  CHARGED_AGENT,
  type HistoryQuery,
  type SettledTask,
  type TurnRecord,
  type WindowQuery,
  type WindowRecord,
} from '../Ledger.ts';
import { type TurnColumns, toTurnRecord } from '../turn-record.ts';
import { prepared } from './prepared.ts';
import { generatedId, turnState } from './rows.ts';
import { parseScope } from './UnitOfWork.ts';

/** How far back the questions by kind look: rows are read newest first without an index by kind, which would cost every write. */
const kindLookback = 10_000;

/** Closed whole tasks of a kind, newest first, among the latest 10,000 reservations. */
export function settledTasks(db: DatabaseSync, kind: string, limit: number): SettledTask[] {
  const rows = prepared(
    db,
    `SELECT charged AS chargedTokens, turns FROM reservation
      WHERE kind = ? AND whole_task = 1 AND turns > 0 AND seq > (SELECT max(seq) FROM reservation) - ${kindLookback}
      ORDER BY seq DESC LIMIT ?`,
  ).all(kind, limit);
  return rows.map((row) => ({ chargedTokens: Number(row['chargedTokens']), turns: Number(row['turns']) }));
}

/** Output tokens of settled turns of a kind, newest first, among the latest 10,000 turns. */
export function recentOutputTokens(db: DatabaseSync, kind: string, limit: number): number[] {
  const rows = prepared(
    db,
    `SELECT turn.output FROM turn CROSS JOIN reservation ON reservation.seq = turn.reservation
      WHERE turn.state = ${turnState.settled} AND reservation.kind = ?
        AND turn.seq > (SELECT max(seq) FROM turn) - ${kindLookback}
      ORDER BY turn.seq DESC LIMIT ?`,
  ).all(kind, limit);
  return rows.map((row) => Number(row['output']));
}

/** Turns by start, newest first. */
export function history(db: DatabaseSync, query: HistoryQuery): TurnRecord[] {
  const rows = prepared(db, historySql).all(
    query.sinceMs ?? Number.MIN_SAFE_INTEGER,
    Math.min(query.untilMs ?? Number.MAX_SAFE_INTEGER, query.after?.startedAtMs ?? Number.MAX_SAFE_INTEGER),
    query.agent ?? null,
    query.agent ?? null,
    query.after?.startedAtMs ?? Number.MAX_SAFE_INTEGER,
    query.after?.startedAtMs ?? Number.MAX_SAFE_INTEGER,
    query.after ? seqOfTurn(db, query.after.turnId) : Number.MAX_SAFE_INTEGER,
    query.limit ?? 100,
  ) as unknown as StoredTurn[];
  return rows.map(({ turnId, taskId, forced, scope, ...columns }) =>
    toTurnRecord(columns, {
      turnId,
      taskId,
      forced: forced === 1,
      ...(scope !== null && { scope: parseScope(scope) }),
    }),
  );
}

function seqOfTurn(db: DatabaseSync, id: string): number {
  const generated = generatedId.seqOf('t', id);
  if (generated !== null) return generated;
  return Number(prepared(db, 'SELECT seq FROM turn WHERE own_id = ?').get(id)?.['seq'] ?? 0);
}

const historySql = `
  SELECT coalesce(turn.own_id, 't' || turn.seq) AS turnId,
    coalesce(reservation.task_id, free_task_id) AS taskId,
    coalesce(reservation.kind, free_kind) AS kind,
    coalesce(free_agent, '${CHARGED_AGENT}') AS agent,
    model, state, hold, turn.charged, started_ms, settled_ms, input, cache_creation, cache_creation_5m, cache_read, output,
    latency_ms, reason,
    coalesce(reservation.forced, 0) AS forced, coalesce(reservation.scope, free_scope) AS scope
  FROM turn LEFT JOIN reservation ON reservation.seq = turn.reservation
  WHERE started_ms >= ? AND started_ms <= ? AND (? IS NULL OR coalesce(free_agent, '${CHARGED_AGENT}') = ?)
    AND (started_ms < ? OR (started_ms = ? AND turn.seq < ?))
  ORDER BY started_ms DESC, turn.seq DESC LIMIT ?`;

interface StoredTurn extends TurnColumns {
  readonly turnId: string;
  readonly taskId: string;
  readonly forced: 0 | 1;
  readonly scope: string | null;
}

/** Windows by start, latest first. */
export function windows(db: DatabaseSync, { sinceMs = 0, limit = 100_000 }: WindowQuery): WindowRecord[] {
  const rows = prepared(
    db,
    `SELECT budget, counter, start_ms, ended, is_usd, settled, held, forced FROM budget_window WHERE start_ms >= ?
      ORDER BY start_ms DESC, seq DESC LIMIT ?`,
  ).all(sinceMs, limit);
  return rows.map((row) => ({
    budget: String(row['budget']),
    counter: String(row['counter']),
    startMs: Number(row['start_ms']),
    isOpen: Number(row['ended']) === 0,
    unit: Number(row['is_usd']) === 1 ? 'micro-usd' : 'tokens',
    settledTokens: Number(row['settled']),
    heldTokens: Number(row['held']),
    forcedTokens: Number(row['forced']),
  }));
}
