import type { PoolClient } from 'pg';
import type { FoldedSums } from '../usage/fold-turns.ts';
import type { Stretch, ZoneTiers } from '../usage/kept-sums.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import { usageKeys } from '../usage/UsageQuery.ts';
import type { Sums, UsagePiece } from '../usage/UsageTally.ts';
import { daySql, narrowDaySql, narrowSeriesSql, storedSumsSql, sumColumns } from '../usage/usage-sql.ts';
import { narrowViews, wideView } from '../usage/usage-views.ts';

const tables = {
  sum: 'teelamma.usage_sum',
  series: 'teelamma.usage_series',
  days: 'unnest($2::bigint[], $3::bigint[]) AS d (start_ms, end_ms)',
  placeholder: (index: number) => `$${index}`,
};

/** Every time zone whose days are kept. */
export async function zonesOf(client: PoolClient): Promise<ZoneTiers[]> {
  const { rows } = await client.query(
    'SELECT time_zone, min(from_ms) AS from_ms, jsonb_object_agg(view, seq) AS tiers FROM teelamma.usage_tier GROUP BY time_zone',
  );
  return rows.map((row) => ({
    timeZone: String(row['time_zone']),
    tiers: row['tiers'] as Record<string, number>,
    fromMs: Number(row['from_ms']),
  }));
}

/** The stored sums of a stretch, grouped as a plan asks for. */
export async function storedPieces(
  client: PoolClient,
  plan: UsagePlan,
  { tier, fromMs, toMs }: Stretch,
): Promise<UsagePiece[]> {
  const where = Object.values(plan.query.where ?? {});
  const { rows } = await client.query(storedSumsSql(plan, tier, tables), [tier, fromMs, toMs, ...where]);
  return rows.map(toPiece);
}

/** Within a transaction: adds to the quarters of an hour. */
export async function addToQuarters(client: PoolClient, folded: readonly FoldedSums[]): Promise<void> {
  if (folded.length === 0) return;
  const columns = [
    folded.map(({ atMs }) => atMs),
    ...usageKeys.map((key) => folded.map(({ keys }) => keys[key])),
    ...Object.values(sumColumns).map((part) => folded.map(({ sums }) => sums[part])),
  ];
  const keys = usageKeys.map((key) => `"${key}"`).join(', ');
  const names = Object.keys(sumColumns);
  const sums = names.join(', ');
  await client.query(
    `WITH given AS (SELECT * FROM unnest($1::bigint[], ${usageKeys.map((_, index) => `$${index + 2}::text[]`).join(', ')},
        ${names.map((_, index) => `$${index + 2 + usageKeys.length}::bigint[]`).join(', ')}) AS g (at_ms, ${keys}, ${sums})),
      made AS (INSERT INTO teelamma.usage_series (${keys}) SELECT DISTINCT ${keys} FROM given
        ON CONFLICT DO NOTHING RETURNING seq, ${keys}),
      series AS (SELECT seq, ${keys} FROM made UNION ALL SELECT seq, ${keys} FROM teelamma.usage_series)
    INSERT INTO teelamma.usage_sum AS u (tier, at_ms, series, ${sums})
      SELECT 0, at_ms, seq, ${sums} FROM given JOIN series USING (${keys})
      ON CONFLICT (tier, at_ms, series) DO UPDATE SET ${names.map((name) => `${name} = u.${name} + excluded.${name}`).join(', ')}`,
    columns,
  );
}

/** Within a transaction: writes days of a time zone anew from their quarters of an hour. */
export async function writeDays(
  client: PoolClient,
  { tiers }: Pick<ZoneTiers, 'tiers'>,
  days: readonly (readonly [startMs: number, endMs: number])[],
): Promise<void> {
  if (days.length === 0) return;
  const startsMs = days.map(([startMs]) => startMs);
  const endsMs = days.map(([, endMs]) => endMs);
  await client.query('DELETE FROM teelamma.usage_sum WHERE tier = ANY ($1) AND at_ms = ANY ($2)', [
    Object.values(tiers),
    startsMs,
  ]);
  const all = tiers[wideView.name] ?? null;
  await client.query(daySql(tables), [all, startsMs, endsMs]);
  for (const view of narrowViews) {
    await client.query(narrowSeriesSql(tables, view));
    await client.query(narrowDaySql(tables, view), [tiers[view.name] ?? null, startsMs, endsMs, all]);
  }
}

/** `bigint` and sums of it come as texts. */
export function toPiece(row: Readonly<Record<string, unknown>>): UsagePiece {
  const keys = usageKeys.filter((key) => key in row).map((key) => [key, String(row[key])] as const);
  const sums = Object.values(sumColumns).map((part) => [part, Number(row[part])] as const);
  return { ...Object.fromEntries(keys), ...(Object.fromEntries(sums) as Sums), atMs: Number(row['atMs']) };
}
