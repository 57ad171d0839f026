import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { daysBefore, daysOf } from '../usage/days-to-write.ts';
import { foldPieces } from '../usage/fold-turns.ts';
import { type Gap, mostUnsummed, readyFromMs, wholeFromMs, type ZoneTiers } from '../usage/kept-sums.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import { narrowViews, wideView } from '../usage/usage-views.ts';
import { sqlState } from './postgres-errors.ts';
import { addToQuarters, writeDays, zonesOf } from './stored-sums.ts';
import { numberOf, transaction } from './transaction.ts';
import { lateTurns, turnsBetween } from './unsummed-turns.ts';

/** Turns that are summed in one transaction. */
const summedAtOnce = 4_000;
/** Between two tries where another process is at it. */
const pauseMs = 20;

/**
 * Brings the stored sums up to date for a plan, the newest turns first, for about `forMs`. Says from when on they answer it at once; null
 * where they do for all of it, and where nothing can be written, so that readers sum by themselves.
 */
export async function sumUp(pool: Pool, plan: UsagePlan, forMs: number): Promise<number | null> {
  const untilMs = performance.now() + forMs;
  let state = await transaction(pool, 'REPEATABLE READ READ ONLY', (client) => stateOf(client, plan));
  while (state.fromMs !== null) {
    const { isBehind } = state;
    try {
      if (isBehind) await moveMark(pool);
      state = await transaction(pool, 'REPEATABLE READ', (client) => step(client, plan));
    } catch (error) {
      const code = sqlState(error) ?? '';
      if (besideTheWay.includes(code)) return null;
      if (!othersAreAtIt.includes(code)) throw error;
      await delay(pauseMs);
      state = await transaction(pool, 'REPEATABLE READ READ ONLY', (client) => stateOf(client, plan));
    }
    if (performance.now() >= untilMs) break;
  }
  return state.fromMs;
}

/** lock_not_available, read_only_sql_transaction, insufficient_privilege */
const besideTheWay = ['55P03', '25006', '42501'];
/** serialization_failure, deadlock_detected, unique_violation (two that add the same time zone) */
const othersAreAtIt = ['40001', '40P01', '23505'];

interface State {
  readonly fromMs: number | null;
  /** Many turns are above the mark, or the time zone is new. */
  readonly isBehind: boolean;
}

async function stateOf(client: PoolClient, plan: UsagePlan): Promise<State> {
  const many = await numberOf(
    client,
    'SELECT coalesce((SELECT max(seq) FROM teelamma.turn), 0) - (SELECT turn FROM teelamma.usage_mark) AS n',
  );
  const zone = plan.wholeDays && (await zoneOf(client, plan.timeZone));
  const isBehind = many > mostUnsummed || (plan.wholeDays !== null && zone === null);
  if (many > mostUnsummed) return { fromMs: plan.toMs, isBehind };
  const [gap] = await gapsOf(client);
  return { fromMs: readyFromMs(plan, zone, wholeFromMs(gap)), isBehind };
}

/** The gap with the newest turn first. */
export async function gapsOf(client: PoolClient): Promise<Gap[]> {
  const { rows } = await client.query(
    'SELECT from_turn, to_turn, newest_ms FROM teelamma.usage_gap ORDER BY newest_ms DESC',
  );
  return rows.map((row) => ({
    from: Number(row['from_turn']),
    to: Number(row['to_turn']),
    newestMs: Number(row['newest_ms']),
  }));
}

export async function zoneOf(client: PoolClient, timeZone: string): Promise<ZoneTiers | null> {
  return (await zonesOf(client)).find((zone) => zone.timeZone === timeZone) ?? null;
}

export function markOf(client: PoolClient): Promise<number> {
  return numberOf(client, 'SELECT turn AS n FROM teelamma.usage_mark');
}

/** Makes a gap of all turns above the mark. */
function moveMark(pool: Pool): Promise<void> {
  return transaction(pool, 'READ COMMITTED', async (client) => {
    // A turn gets its number before it is committed. With this lock nobody is in between, so no lower number can appear later.
    await client.query('SET LOCAL lock_timeout = 500; LOCK TABLE teelamma.turn IN SHARE MODE');
    const mark = await numberOf(client, 'SELECT turn AS n FROM teelamma.usage_mark FOR UPDATE');
    const last = await numberOf(client, 'SELECT coalesce(max(seq), 0) AS n FROM teelamma.turn');
    if (last <= mark) return;
    await client.query('UPDATE teelamma.usage_mark SET turn = $1', [last]);
    await writeGap(client, { from: mark, to: last, newestMs: Number.MAX_SAFE_INTEGER });
  });
}

/** As of one moment: what is settled or corrected after it is found in `usage_open` and `usage_correction` by the next one. */
async function step(client: PoolClient, plan: UsagePlan): Promise<State> {
  // Somebody else that did a step since this transaction began makes this one fail.
  await client.query('UPDATE teelamma.usage_mark SET turn = turn');
  const [gap] = await gapsOf(client);
  if (gap && wholeFromMs(gap) > plan.fromMs) await sumGap(client, gap);
  if (plan.wholeDays) await keepDays(client, plan);
  return stateOf(client, plan);
}

/** Sums the turns of a gap with the highest numbers, and what is late. */
async function sumGap(client: PoolClient, { from, to, newestMs }: Gap): Promise<void> {
  const after = Math.max(from, to - summedAtOnce);
  const pieces = [...(await turnsBetween(client, after, to)), ...(await lateTurns(client))];
  await addToQuarters(client, foldPieces(pieces));
  for (const zone of await zonesOf(client)) await writeDays(client, zone, daysOf(pieces, zone));
  await client.query(
    'DELETE FROM teelamma.usage_open o USING teelamma.turn t WHERE t.seq = o.turn AND t.state <> 0',
  );
  await client.query('DELETE FROM teelamma.usage_correction');
  await client.query(
    'INSERT INTO teelamma.usage_open SELECT seq FROM teelamma.turn WHERE seq > $1 AND seq <= $2 AND state = 0',
    [after, to],
  );
  await writeGap(client, { from, to: after, newestMs });
}

/** Nothing is kept of a gap without turns. */
async function writeGap(client: PoolClient, { from, to, newestMs }: Gap): Promise<void> {
  // By the index by time; the one by number would read the whole gap.
  const { rows } = await client.query(
    `SELECT started_ms FROM teelamma.turn WHERE started_ms <= $1 AND seq + 0 > $2 AND seq + 0 <= $3 ORDER BY started_ms DESC LIMIT 1`,
    [newestMs, from, to],
  );
  await client.query('DELETE FROM teelamma.usage_gap WHERE from_turn = $1', [from]);
  if (!rows[0]) return;
  await client.query('INSERT INTO teelamma.usage_gap (from_turn, to_turn, newest_ms) VALUES ($1, $2, $3)', [
    from,
    to,
    rows[0]['started_ms'],
  ]);
}

/** Extends the days of the plan's time zone, and makes them where it has none. */
async function keepDays(client: PoolClient, plan: UsagePlan): Promise<void> {
  const { rows } = await client.query(
    'SELECT min(at_ms) AS first, max(at_ms) AS last FROM teelamma.usage_sum WHERE tier = 0',
  );
  const [firstMs, lastMs] = [numberOrNull(rows[0]?.['first']), numberOrNull(rows[0]?.['last'])];
  let zone = await zoneOf(client, plan.timeZone);
  if (!zone) {
    const fromMs = lastMs === null ? 0 : plan.days.endOf(lastMs);
    const made = await client.query(
      'INSERT INTO teelamma.usage_tier (time_zone, view, from_ms) SELECT $1::text, unnest($2::text[]), $3::bigint RETURNING view, seq',
      [plan.timeZone, [wideView, ...narrowViews].map(({ name }) => name), fromMs],
    );
    const tiers = Object.fromEntries(made.rows.map((row) => [String(row['view']), Number(row['seq'])]));
    zone = { timeZone: plan.timeZone, tiers, fromMs };
  }
  const [gap] = await gapsOf(client);
  const wholeMs = wholeFromMs(gap);
  const { days, fromMs } = daysBefore(plan, { fromMs: zone.fromMs, wholeMs, firstMs });
  if (fromMs === zone.fromMs) return;
  await writeDays(client, zone, days);
  await client.query('UPDATE teelamma.usage_tier SET from_ms = $1 WHERE time_zone = $2', [
    fromMs,
    plan.timeZone,
  ]);
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
