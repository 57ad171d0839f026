import type { DatabaseSync } from 'node:sqlite';
import { CHARGED_AGENT } from '../Ledger.ts';
import { quarterMs, withdrawn } from '../usage/fold-turns.ts';
import type { UsagePiece } from '../usage/UsageTally.ts';
import { prepared } from './prepared.ts';
import { turnState } from './rows.ts';

const keys = `coalesce(free_agent, '${CHARGED_AGENT}') AS agent, model, coalesce(reservation.kind, free_kind) AS kind,
  coalesce(reservation.scope, free_scope) AS scope`;

/** Turns by the quarter of an hour and all that they are grouped by: fewer rows than turns, which saves most of the time. */
const sumsOfTurns = (conditions: string) => `
  SELECT CAST(started_ms / ${quarterMs} AS INTEGER) * ${quarterMs} AS atMs, ${keys}, coalesce(sum(input), 0) AS inputTokens,
    coalesce(sum(cache_creation), 0) AS cacheCreationInputTokens, coalesce(sum(cache_creation_5m), 0) AS cacheCreation5mInputTokens,
    coalesce(sum(cache_read), 0) AS cacheReadInputTokens, coalesce(sum(output), 0) AS outputTokens,
    sum(turn.charged) AS chargedTokens, count(*) AS turns
  FROM turn LEFT JOIN reservation ON reservation.seq = turn.reservation
  WHERE ${conditions} AND turn.state IN (${turnState.settled}, ${turnState.assumed})
  GROUP BY 1, 2, 3, 4, 5`;

const stretchSql = sumsOfTurns('turn.seq > ? AND turn.seq <= ?');
const openSql = sumsOfTurns('turn.seq IN (SELECT turn FROM usage_open)');
// CROSS: from the few corrections to their turns. A free turn, whose beginning may have a fraction of a millisecond, is never corrected.
const correctedSql = `
  SELECT turn.state, started_ms AS atMs, ${keys}, coalesce(input, 0) AS inputTokens, coalesce(cache_creation, 0) AS cacheCreationInputTokens,
    coalesce(cache_creation_5m, 0) AS cacheCreation5mInputTokens, coalesce(cache_read, 0) AS cacheReadInputTokens,
    coalesce(output, 0) AS outputTokens, turn.charged AS chargedTokens, 1 AS turns, usage_correction.charged AS before
  FROM usage_correction CROSS JOIN turn ON turn.seq = usage_correction.turn LEFT JOIN reservation ON reservation.seq = turn.reservation
  WHERE turn.seq <= (SELECT turn FROM usage_mark) AND turn.seq NOT IN (SELECT turn FROM usage_open)
    AND NOT EXISTS (SELECT 1 FROM usage_gap WHERE turn.seq > from_turn AND turn.seq <= to_turn)`;

/** Turns with a number above `from`, up to `to`, that were answered or stay charged. */
export function turnsBetween(db: DatabaseSync, from: number, to: number): UsagePiece[] {
  return piecesOf(prepared(db, stretchSql).all(from, to) as unknown as TurnColumns[]);
}

/** What is to be added to the stored sums apart from turns that they have not reached: turns that were in flight, and corrections. */
export function lateTurns(db: DatabaseSync): UsagePiece[] {
  const opened = prepared(db, openSql).all() as unknown as TurnColumns[];
  const corrected = prepared(db, correctedSql).all() as unknown as CorrectedColumns[];
  return [
    ...piecesOf(opened),
    ...corrected.flatMap(({ state, before, ...turn }) => {
      const [piece] = piecesOf([turn]);
      if (!piece) return [];
      return state === turnState.settled ? [withdrawn(piece, before), piece] : [withdrawn(piece, before)];
    }),
  ];
}

interface TurnColumns extends UsagePiece {
  readonly scope: string | null;
}

interface CorrectedColumns extends TurnColumns {
  readonly state: number;
  readonly before: number;
}

function piecesOf(rows: readonly TurnColumns[]): UsagePiece[] {
  const parsed = new Map<string | null, Pick<UsagePiece, 'project' | 'door' | 'user'>>();
  return rows.map(({ scope, ...row }) => {
    let of = parsed.get(scope);
    if (!of) {
      const {
        project = '',
        door = '',
        user = '',
      } = JSON.parse(scope ?? '{}') as Partial<Record<string, string>>;
      of = { project, door, user };
      parsed.set(scope, of);
    }
    return { ...row, ...of };
  });
}
