import { pricesAsOf } from '../../config/prices/price-table.ts';
import { chargedTokens } from '../../messages/token-usage.ts';
import type { UsageQuery, UsageRow, UsageSums } from '../../state/usage/UsageQuery.ts';
import { type PricedUsage, pricedDimensions, priceUsage, totalOf } from '../../state/usage-cost.ts';
import type { DashboardOptions, DashboardPorts } from '../DashboardPorts.ts';
import type { UsageDocument, UsageGroup, UsageSeries, UsageTotal } from './api-types.ts';
import type { Filter, Parsed } from './parse-query.ts';
import { summedPart } from './summed-part.ts';
import { resolutionOf, type TimeBuckets, timeBuckets } from './time-buckets.ts';

/** More colours than these nobody tells apart. */
const mostSeries = 8;

/** Tokens over time by one group, and what each group used and cost in all. */
export async function readUsage(
  { filter, by, zone }: Parsed,
  { prices }: Pick<DashboardOptions, 'prices'>,
  { ledger, nowMs }: DashboardPorts,
): Promise<UsageDocument> {
  const now = nowMs();
  const time = resolutionOf(filter, now);
  const asked = { ...usageQuery(filter, zone), by: [time] };
  const { query, summedSinceMs } = await summedPart(asked, { ledger });
  // Two questions: prices need agent and model, and to ask for these by the day too would take three times as long.
  const [overTime, priced] = await Promise.all([
    ledger.usage({ ...query, by: [time, by] }),
    ledger.usage({ ...query, by: pricedDimensions([by]) }),
  ]);
  const rows = priceUsage(priced, [by], prices, now);
  const groups = rows.map((row) => totalView(row, row[by] ?? ''));
  groups.sort((a, b) => b.tokens - a.tokens);
  const buckets = timeBuckets(filter, { firstMs: overTime[0]?.startMs, nowMs: now, zone });
  return {
    by,
    resolution: buckets.resolution,
    startsMs: buckets.startsMs,
    series: seriesOf(overTime, by, { buckets, keys: groups.map(({ key }) => key) }),
    groups,
    total: totalView(totalOf(rows), ''),
    pricesAsOf,
    summedSinceMs,
  };
}

/** The ledger's question for a filter. */
export function usageQuery(filter: Filter, zone: string): UsageQuery {
  const { sinceMs, period: _period, ...where } = filter;
  return { timeZone: zone, where, ...(sinceMs !== undefined && { sinceMs }) };
}

/** Tokens of all kinds that were used; of a turn whose usage nobody knows, what it was charged. */
export function tokensOf(row: UsageSums): number {
  return Math.max(chargedTokens(row), row.chargedTokens);
}

function totalView(row: PricedUsage, key: string): UsageTotal {
  return {
    key,
    turns: row.turns,
    inputTokens: row.inputTokens,
    cacheTokens: row.cacheCreationInputTokens + row.cacheReadInputTokens,
    outputTokens: row.outputTokens,
    tokens: tokensOf(row),
    chargedTokens: row.chargedTokens,
    costUsd: row.costUsd === null ? null : Math.round(row.costUsd * 1e6) / 1e6,
  };
}

function seriesOf(
  rows: readonly UsageRow[],
  by: UsageGroup,
  { buckets, keys }: { readonly buckets: TimeBuckets; readonly keys: readonly string[] },
): UsageSeries[] {
  const shown = keys.length > mostSeries ? [...keys.slice(0, mostSeries - 1), 'other'] : keys;
  const positions = new Map(keys.map((key, index) => [key, Math.min(index, shown.length - 1)]));
  const sums = shown.map(() => new Array<number>(buckets.startsMs.length).fill(0));
  for (const row of rows) {
    const index = buckets.indexOf(row.startMs ?? 0);
    const series = sums[positions.get(row[by] ?? '') ?? 0];
    if (index !== undefined && series) series[index] = (series[index] ?? 0) + tokensOf(row);
  }
  return shown.map((key, index) => ({ key, tokens: sums[index] ?? [] }));
}
