import type { Pool, PoolClient } from 'pg';
import { foldPieces, pieceOf, type TurnUsage, withdrawn } from '../usage/fold-turns.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import { type UsageKey, type UsageRow, usageKeys } from '../usage/UsageQuery.ts';
import { type UsagePiece, UsageTally } from '../usage/UsageTally.ts';
import { storedSumsSql } from '../usage/usage-sql.ts';
import { ZoneDays } from '../usage/ZoneDays.ts';
import { sqlState } from './postgres-errors.ts';

/** Turns that are summed in one transaction, and turns that a reader sums by itself before it stores their sums. */
const foldedAtOnce = 10_000;
const mostUnfolded = 1_000;

const turnsSql = (conditions: string) => `
  SELECT t.seq::float8 AS seq, t.state, t.started_ms::float8 AS started_ms, t.agent, t.model, t.kind,
    coalesce(t.scope->>'project', '') AS project, coalesce(t.scope->>'door', '') AS door, coalesce(t.scope->>'user', '') AS "user",
    t.input::float8 AS input, t.cache_creation::float8 AS cache_creation, t.cache_creation_5m::float8 AS cache_creation_5m, t.cache_read::float8 AS cache_read,
    t.output::float8 AS output, t.charged::float8 AS charged, c.charged::float8 AS before
  FROM teelamma.turn t LEFT JOIN teelamma.usage_correction c ON c.turn = t.seq WHERE ${conditions}`;

const freshSql = turnsSql('t.seq > $1 AND t.seq <= $2 AND t.state IN (1, 2)');
const openSql = turnsSql('t.seq IN (SELECT turn FROM teelamma.usage_open) AND t.state IN (1, 2)');
const correctedSql = turnsSql(
  't.seq IN (SELECT turn FROM teelamma.usage_correction WHERE turn <= $1 AND turn NOT IN (SELECT turn FROM teelamma.usage_open))',
);

/** Usage as of one moment, from the stored sums and the turns that are in none yet; first brings the sums up to date where that is due. */
export async function readUsage(pool: Pool, plan: UsagePlan): Promise<UsageRow[]> {
  if (await isFoldDue(pool, plan)) await foldAll(pool, plan);
  return transaction(pool, 'REPEATABLE READ READ ONLY', async (client) => {
    const tally = new UsageTally(plan.query, plan.days);
    const { fromMs, toMs, wholeDays } = plan;
    const tier = wholeDays ? await tierOf(client, plan.timeZone) : null;
    if (wholeDays && tier !== null) {
      await addStored(client, plan, tally, 0, fromMs, wholeDays.fromMs);
      await addStored(client, plan, tally, tier, wholeDays.fromMs, wholeDays.toMs);
      await addStored(client, plan, tally, 0, wholeDays.toMs, toMs);
    } else {
      await addStored(client, plan, tally, 0, fromMs, toMs);
    }
    const fresh = await unfolded(
      client,
      await numberOf(client, 'SELECT turn AS n FROM teelamma.usage_mark'),
      null,
    );
    for (const piece of fresh) if (matches(plan, piece)) tally.add(piece);
    return tally.rows();
  });
}

async function isFoldDue(pool: Pool, plan: UsagePlan): Promise<boolean> {
  const { rows } = await pool.query(
    `SELECT coalesce((SELECT max(seq) FROM teelamma.turn), 0) - (SELECT turn FROM teelamma.usage_mark) > $1 AS many,
      EXISTS (SELECT FROM teelamma.usage_tier WHERE time_zone = $2) AS known`,
    [mostUnfolded, plan.timeZone],
  );
  return rows[0]?.['many'] === true || (plan.wholeDays !== null && rows[0]?.['known'] !== true);
}

/** Best effort: where somebody else is at it, or writers do not let it in, readers sum by themselves. */
async function foldAll(pool: Pool, plan: UsagePlan): Promise<void> {
  try {
    const upTo = await transaction(pool, 'READ COMMITTED', async (client) => {
      // A turn gets its number before it is committed. With this lock nobody is in between, so no lower number can appear later.
      await client.query('SET LOCAL lock_timeout = 500; LOCK TABLE teelamma.turn IN SHARE MODE');
      return numberOf(client, 'SELECT coalesce(max(seq), 0) AS n FROM teelamma.turn');
    });
    for (let isDone = false; !isDone; ) {
      isDone = await transaction(pool, 'REPEATABLE READ', (client) => fold(client, plan, upTo));
    }
  } catch (error) {
    if (!besideTheWay.includes(sqlState(error) ?? '')) throw error;
  }
}

/** lock_not_available, serialization_failure, unique_violation (two that add the same time zone), read_only_sql_transaction, insufficient_privilege */
const besideTheWay = ['55P03', '40001', '23505', '25006', '42501'];

/**
 * Adds turns to the sums, as of one moment; false where more are left. What is settled or corrected after that moment is found in
 * `usage_open` and `usage_correction` by the next one.
 */
async function fold(client: PoolClient, plan: UsagePlan, upTo: number): Promise<boolean> {
  const mark = await numberOf(client, 'SELECT turn AS n FROM teelamma.usage_mark FOR UPDATE');
  const last = Math.max(mark, Math.min(upTo, mark + foldedAtOnce));
  const pieces = await unfolded(client, mark, last);
  await store(client, 0, pieces, null);
  const { rows: tiers } = await client.query('SELECT seq, time_zone FROM teelamma.usage_tier');
  for (const row of tiers) {
    await store(client, Number(row['seq']), pieces, new ZoneDays(String(row['time_zone'])));
  }
  await client.query(
    'DELETE FROM teelamma.usage_open o USING teelamma.turn t WHERE t.seq = o.turn AND t.state <> 0',
  );
  await client.query('DELETE FROM teelamma.usage_correction');
  await client.query(
    'INSERT INTO teelamma.usage_open SELECT seq FROM teelamma.turn WHERE seq > $1 AND seq <= $2 AND state = 0',
    [mark, last],
  );
  await client.query('UPDATE teelamma.usage_mark SET turn = $1', [last]);
  if (last < upTo) return false;
  if (plan.wholeDays && (await tierOf(client, plan.timeZone)) === null) await addTier(client, plan);
  return true;
}

/** Days of a time zone that nobody has asked about before, from the quarters of an hour. */
async function addTier(client: PoolClient, { timeZone, days }: UsagePlan): Promise<void> {
  const tier = await numberOf(
    client,
    'INSERT INTO teelamma.usage_tier (time_zone) VALUES ($1) RETURNING seq AS n',
    [timeZone],
  );
  const { rows } =
    await client.query(`SELECT at_ms, agent, model, project, kind, door, "user", input, cache_creation, cache_creation_5m,
      cache_read, output, charged, turns FROM teelamma.usage_sum JOIN teelamma.usage_series s ON s.seq = series WHERE tier = 0`);
  await store(client, tier, rows.map(toPiece), days);
}

async function store(
  client: PoolClient,
  tier: number,
  pieces: readonly UsagePiece[],
  days: ZoneDays | null,
): Promise<void> {
  const folded = foldPieces(pieces, days);
  if (folded.length === 0) return;
  const columns = [
    folded.map(({ atMs }) => atMs),
    ...usageKeys.map((key) => folded.map(({ keys }) => keys[key])),
    ...sumNames.map((name) => folded.map(({ sums }) => sums[name])),
  ];
  const keys = usageKeys.map((key) => `"${key}"`).join(', ');
  await client.query(
    `WITH given AS (SELECT * FROM unnest($2::bigint[], ${usageKeys.map((_, index) => `$${index + 3}::text[]`).join(', ')},
        ${sumNames.map((_, index) => `$${index + 9}::bigint[]`).join(', ')})
        AS g (at_ms, ${keys}, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns)),
      made AS (INSERT INTO teelamma.usage_series (${keys}) SELECT DISTINCT ${keys} FROM given
        ON CONFLICT DO NOTHING RETURNING seq, ${keys}),
      series AS (SELECT seq, ${keys} FROM made UNION ALL SELECT seq, ${keys} FROM teelamma.usage_series)
    INSERT INTO teelamma.usage_sum AS u (tier, at_ms, series, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns)
      SELECT $1::integer, at_ms, seq, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns FROM given JOIN series USING (${keys})
      ON CONFLICT (tier, at_ms, series) DO UPDATE SET input = u.input + excluded.input,
        cache_creation = u.cache_creation + excluded.cache_creation, cache_creation_5m = u.cache_creation_5m + excluded.cache_creation_5m, cache_read = u.cache_read + excluded.cache_read,
        output = u.output + excluded.output, charged = u.charged + excluded.charged, turns = u.turns + excluded.turns`,
    [tier, ...columns],
  );
}

const sumNames = [
  'inputTokens',
  'cacheCreationInputTokens',
  'cacheCreation5mInputTokens',
  'cacheReadInputTokens',
  'outputTokens',
  'chargedTokens',
  'turns',
] as const;

/** What is in no stored sum: turns after the mark, those before it that were in flight then, and corrections. */
async function unfolded(client: PoolClient, mark: number, upTo: number | null): Promise<UsagePiece[]> {
  const fresh = await client.query(freshSql, [mark, upTo ?? Number.MAX_SAFE_INTEGER]);
  const open = await client.query(openSql);
  const corrected = await client.query(correctedSql, [mark]);
  return [
    ...[...fresh.rows, ...open.rows].map((row) => pieceOf(toTurn(row as TurnColumns))),
    ...corrected.rows.flatMap((one) => {
      const row = one as TurnColumns;
      const before = withdrawn(toTurn(row), row.before ?? 0);
      return row.state === 1 ? [before, pieceOf(toTurn(row))] : [before];
    }),
  ];
}

async function addStored(
  client: PoolClient,
  plan: UsagePlan,
  tally: UsageTally,
  tier: number,
  fromMs: number,
  toMs: number,
): Promise<void> {
  if (fromMs >= toMs) return;
  const names = { sum: 'teelamma.usage_sum', series: 'teelamma.usage_series' };
  const { sql, values } = storedSumsSql(plan, { ...names, placeholder: (index) => `$${index}` });
  const { rows } = await client.query(sql, [tier, fromMs, toMs, ...values]);
  for (const row of rows) tally.add(toPiece(row), tier !== 0);
}

function matches({ query, fromMs, toMs }: UsagePlan, piece: UsagePiece): boolean {
  if (piece.atMs < fromMs || piece.atMs >= toMs) return false;
  return Object.entries(query.where ?? {}).every(([key, value]) => piece[key as UsageKey] === value);
}

async function tierOf(client: PoolClient, timeZone: string): Promise<number | null> {
  const { rows } = await client.query('SELECT seq FROM teelamma.usage_tier WHERE time_zone = $1', [timeZone]);
  return rows[0] ? Number(rows[0]['seq']) : null;
}

async function numberOf(client: PoolClient, sql: string, values: readonly string[] = []): Promise<number> {
  const { rows } = await client.query(sql, [...values]);
  return Number(rows[0]?.['n'] ?? 0);
}

async function transaction<T>(
  pool: Pool,
  mode: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${mode}`);
    const result = await work(client);
    await client.query('COMMIT');
    isBroken = false;
    return result;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => {
        isBroken = false;
      },
      () => undefined,
    );
    throw error;
  } finally {
    client.release(isBroken);
  }
}

interface TurnColumns extends Readonly<Record<UsageKey, string>> {
  readonly state: number;
  readonly started_ms: number;
  readonly input: number | null;
  readonly cache_creation: number | null;
  readonly cache_creation_5m: number | null;
  readonly cache_read: number | null;
  readonly output: number | null;
  readonly charged: number;
  readonly before: number | null;
}

function toTurn(row: TurnColumns): TurnUsage {
  const { agent, model, kind, project, door, user } = row;
  return {
    startedAtMs: row.started_ms,
    agent,
    model,
    kind,
    project,
    door,
    user,
    inputTokens: row.input,
    cacheCreationInputTokens: row.cache_creation,
    cacheCreation5mInputTokens: row.cache_creation_5m,
    cacheReadInputTokens: row.cache_read,
    outputTokens: row.output,
    chargedTokens: row.charged,
  };
}

/** `bigint` and sums of it come as texts. */
function toPiece(row: Readonly<Record<string, unknown>>): UsagePiece {
  const keys = usageKeys.filter((key) => key in row).map((key) => [key, String(row[key])] as const);
  return {
    ...Object.fromEntries(keys),
    atMs: Number(row['at_ms']),
    inputTokens: Number(row['input']),
    cacheCreationInputTokens: Number(row['cache_creation']),
    cacheCreation5mInputTokens: Number(row['cache_creation_5m']),
    cacheReadInputTokens: Number(row['cache_read']),
    outputTokens: Number(row['output']),
    chargedTokens: Number(row['charged']),
    turns: Number(row['turns']),
  };
}
