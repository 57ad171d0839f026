import type { DatabaseSync } from 'node:sqlite';
import type { FoldedSums } from '../usage/fold-turns.ts';
import type { Stretch, ZoneTiers } from '../usage/kept-sums.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import type { UsageKey } from '../usage/UsageQuery.ts';
import type { UsagePiece } from '../usage/UsageTally.ts';
import { daySql, narrowDaySql, narrowSeriesSql, storedSumsSql } from '../usage/usage-sql.ts';
import { narrowViews, wideView } from '../usage/usage-views.ts';
import { prepared } from './prepared.ts';

const names = {
  sum: 'usage_sum',
  series: 'usage_series',
  days: '(SELECT CAST(?2 AS bigint) AS start_ms, CAST(?3 AS bigint) AS end_ms) d',
  placeholder: (index: number) => `?${index}`,
};

/** Every time zone whose days are kept. */
export function zonesOf(db: DatabaseSync): ZoneTiers[] {
  const zones = new Map<string, ZoneTiers & { tiers: Record<string, number> }>();
  for (const row of prepared(db, 'SELECT seq, time_zone, view, from_ms FROM usage_tier').all()) {
    const timeZone = String(row['time_zone']);
    const zone = zones.get(timeZone) ?? { timeZone, tiers: {}, fromMs: Number(row['from_ms']) };
    zone.tiers[String(row['view'])] = Number(row['seq']);
    zones.set(timeZone, zone);
  }
  return [...zones.values()];
}

/** The stored sums of a stretch, grouped as a plan asks for. */
export function storedPieces(
  db: DatabaseSync,
  plan: UsagePlan,
  { tier, fromMs, toMs }: Stretch,
): UsagePiece[] {
  const where = Object.values(plan.query.where ?? {});
  const rows = prepared(db, storedSumsSql(plan, tier, names)).all(tier, fromMs, toMs, ...where);
  return rows as unknown as UsagePiece[];
}

/** Within a write transaction: adds to the quarters of an hour. */
export function addToQuarters(db: DatabaseSync, folded: readonly FoldedSums[]): void {
  const add = prepared(
    db,
    `INSERT INTO usage_sum (tier, at_ms, series, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns)
      VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tier, at_ms, series) DO UPDATE SET input = input + excluded.input,
        cache_creation = cache_creation + excluded.cache_creation,
        cache_creation_5m = cache_creation_5m + excluded.cache_creation_5m, cache_read = cache_read + excluded.cache_read,
        output = output + excluded.output, charged = charged + excluded.charged, turns = turns + excluded.turns`,
  );
  for (const { atMs, keys, sums } of folded) {
    const { inputTokens, cacheCreationInputTokens, cacheCreation5mInputTokens, cacheReadInputTokens } = sums;
    const series = seriesOf(db, keys);
    add.run(
      atMs,
      series,
      inputTokens,
      cacheCreationInputTokens,
      cacheCreation5mInputTokens,
      cacheReadInputTokens,
      sums.outputTokens,
      sums.chargedTokens,
      sums.turns,
    );
  }
}

/** Within a write transaction: writes days of a time zone anew from their quarters of an hour. */
export function writeDays(
  db: DatabaseSync,
  { tiers }: Pick<ZoneTiers, 'tiers'>,
  days: readonly (readonly [startMs: number, endMs: number])[],
): void {
  if (days.length === 0) return;
  for (const view of narrowViews) prepared(db, narrowSeriesSql(names, view)).run();
  const forget = prepared(db, 'DELETE FROM usage_sum WHERE tier = ? AND at_ms = ?');
  const all = tiers[wideView.name] ?? null;
  for (const [startMs, endMs] of days) {
    for (const tier of Object.values(tiers)) forget.run(tier, startMs);
    prepared(db, daySql(names)).run(all, startMs, endMs);
    for (const view of narrowViews) {
      prepared(db, narrowDaySql(names, view)).run(tiers[view.name] ?? null, startMs, endMs, all);
    }
  }
}

function seriesOf(db: DatabaseSync, keys: Readonly<Record<UsageKey, string>>): number {
  const { agent, model, project, kind, door, user } = keys;
  const values = [agent, model, project, kind, door, user] as const;
  const found = prepared(
    db,
    'SELECT seq FROM usage_series WHERE agent = ? AND model = ? AND project = ? AND kind = ? AND door = ? AND user = ?',
  ).get(...values);
  if (found) return Number(found['seq']);
  const insert = prepared(
    db,
    'INSERT INTO usage_series (agent, model, project, kind, door, user) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return Number(insert.run(...values).lastInsertRowid);
}
