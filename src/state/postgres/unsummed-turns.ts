import type { PoolClient } from 'pg';
import { quarterMs, withdrawn } from '../usage/fold-turns.ts';
import type { UsagePiece } from '../usage/UsageTally.ts';
import { toPiece } from './stored-sums.ts';

const keys = `t.agent, t.model, t.kind, coalesce(t.scope->>'project', '') AS project, coalesce(t.scope->>'door', '') AS door,
  coalesce(t.scope->>'user', '') AS "user"`;

/** Turns by the quarter of an hour and all keys. */
const sumsOfTurns = (conditions: string) => `
  SELECT t.started_ms / ${quarterMs} * ${quarterMs} AS "atMs", ${keys}, coalesce(sum(t.input), 0) AS "inputTokens",
    coalesce(sum(t.cache_creation), 0) AS "cacheCreationInputTokens", coalesce(sum(t.cache_creation_5m), 0) AS "cacheCreation5mInputTokens",
    coalesce(sum(t.cache_read), 0) AS "cacheReadInputTokens", coalesce(sum(t.output), 0) AS "outputTokens", sum(t.charged) AS "chargedTokens", count(*) AS turns
  FROM teelamma.turn t WHERE ${conditions} AND t.state IN (1, 2) GROUP BY 1, 2, 3, 4, 5, 6, 7`;

const stretchSql = sumsOfTurns('t.seq > $1 AND t.seq <= $2');
const openSql = sumsOfTurns('t.seq IN (SELECT turn FROM teelamma.usage_open)');
const correctedSql = `
  SELECT t.state, t.started_ms AS "atMs", ${keys}, coalesce(t.input, 0) AS "inputTokens", coalesce(t.cache_creation, 0) AS "cacheCreationInputTokens",
    coalesce(t.cache_creation_5m, 0) AS "cacheCreation5mInputTokens", coalesce(t.cache_read, 0) AS "cacheReadInputTokens", coalesce(t.output, 0) AS "outputTokens",
    t.charged AS "chargedTokens", 1 AS turns, c.charged AS before
  FROM teelamma.usage_correction c JOIN teelamma.turn t ON t.seq = c.turn
  WHERE t.seq <= (SELECT turn FROM teelamma.usage_mark) AND t.seq NOT IN (SELECT turn FROM teelamma.usage_open)
    AND NOT EXISTS (SELECT FROM teelamma.usage_gap WHERE t.seq > from_turn AND t.seq <= to_turn)`;

/** Turns with a number above `from`, up to `to`, that were answered or stay charged. */
export async function turnsBetween(client: PoolClient, from: number, to: number): Promise<UsagePiece[]> {
  const { rows } = await client.query(stretchSql, [from, to]);
  return rows.map(toPiece);
}

/** What is to be added to the stored sums apart from turns that they have not reached: turns that were in flight, and corrections. */
export async function lateTurns(client: PoolClient): Promise<UsagePiece[]> {
  const opened = await client.query(openSql);
  const corrected = await client.query(correctedSql);
  return [
    ...opened.rows.map(toPiece),
    ...corrected.rows.flatMap((row) => {
      const piece = toPiece(row);
      const before = withdrawn(piece, Number(row['before']));
      return row['state'] === 1 ? [before, piece] : [before];
    }),
  ];
}
