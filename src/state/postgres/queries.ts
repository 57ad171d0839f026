import type { Pool } from 'pg';
import type { HistoryQuery, Scope, SettledTask, TurnRecord, WindowQuery, WindowRecord } from '../Ledger.ts';
import { type TurnColumns, toTurnRecord } from '../turn-record.ts';
import type { WindowColumns } from './WindowView.ts';

/** How far back `recentOutputTokens` looks, in turns of all kinds. */
const kindLookback = 10_000;

/** Every open window, and what time it is on the server. */
export async function readWindows(pool: Pool): Promise<{ now: number; windows: readonly WindowColumns[] }> {
  const { rows } =
    await pool.query(`SELECT jsonb_build_object('now', (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    'windows', (SELECT coalesce(jsonb_agg(teelamma.shown(w)), '[]') FROM teelamma.budget_window w WHERE NOT ended)) AS read`);
  return rows[0]?.['read'] as { now: number; windows: readonly WindowColumns[] };
}

/** Closed whole tasks of a kind, newest first. */
export async function settledTasks(pool: Pool, kind: string, limit: number): Promise<SettledTask[]> {
  const { rows } = await pool.query(
    `SELECT charged::float8 AS "chargedTokens", turns FROM teelamma.reservation
      WHERE kind = $1 AND whole_task AND turns > 0 ORDER BY seq DESC LIMIT $2`,
    [kind, limit],
  );
  return rows as SettledTask[];
}

/** Output tokens of settled turns of a kind, newest first, among the latest 10,000 turns. */
export async function recentOutputTokens(pool: Pool, kind: string, limit: number): Promise<number[]> {
  const { rows } = await pool.query(
    `SELECT output::float8 FROM teelamma.turn WHERE state = 1 AND kind = $1 AND reservation IS NOT NULL
      AND seq > (SELECT max(seq) FROM teelamma.turn) - ${kindLookback} ORDER BY seq DESC LIMIT $2`,
    [kind, limit],
  );
  return rows.map((row) => Number(row['output']));
}

/** Turns by start, newest first. */
export async function history(pool: Pool, query: HistoryQuery): Promise<TurnRecord[]> {
  const { rows } = await pool.query(
    `SELECT to_jsonb(t) AS turn, coalesce(r.forced, false) AS forced
      FROM teelamma.turn t LEFT JOIN teelamma.reservation r ON r.seq = t.reservation
      WHERE t.started_ms >= $1 AND t.started_ms <= $2 AND ($3::text IS NULL OR t.agent = $3)
        AND ($5::bigint IS NULL OR (t.started_ms, t.seq) < ($5, (SELECT a.seq FROM teelamma.turn a WHERE a.id = $6)))
      ORDER BY t.started_ms DESC, t.seq DESC LIMIT $4`,
    [
      query.sinceMs ?? Number.MIN_SAFE_INTEGER,
      query.untilMs ?? Number.MAX_SAFE_INTEGER,
      query.agent ?? null,
      query.limit ?? 100,
      query.after?.startedAtMs ?? null,
      query.after?.turnId ?? null,
    ],
  );
  return rows.map((row) => {
    const { id, task_id: taskId, scope, ...columns } = row['turn'] as StoredTurn;
    return toTurnRecord(columns, {
      turnId: id,
      taskId,
      forced: row['forced'] === true,
      ...(scope && { scope }),
    });
  });
}

interface StoredTurn extends TurnColumns {
  readonly id: string;
  readonly task_id: string;
  readonly scope: Scope | null;
}

/** Windows by start, latest first; what lies in leases is shown as what it is. */
export async function windows(
  pool: Pool,
  { sinceMs = 0, limit = 100_000 }: WindowQuery,
): Promise<WindowRecord[]> {
  const { rows } = await pool.query(
    `SELECT teelamma.shown(w) AS w FROM teelamma.budget_window w WHERE start_ms >= $1 ORDER BY start_ms DESC, seq DESC LIMIT $2`,
    [sinceMs, limit],
  );
  return rows.map((row) => {
    const window = row['w'] as WindowColumns;
    return {
      budget: window.budget,
      counter: window.counter,
      startMs: window.start_ms,
      isOpen: !window.ended,
      unit: window.is_usd ? 'micro-usd' : 'tokens',
      settledTokens: window.settled,
      heldTokens: window.held,
      forcedTokens: window.forced,
    };
  });
}
