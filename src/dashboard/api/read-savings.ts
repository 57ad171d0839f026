import type { ModelPrice } from '../../config/prices/ModelPrice.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import { tokenCostUsd } from '../../state/token-cost.ts';
import type { UsageRow } from '../../state/usage/UsageQuery.ts';
import { plainPrices } from '../../state/usage-cost.ts';
import type { DashboardOptions, DashboardPorts } from '../DashboardPorts.ts';
import type { SavedByModel, SavingsDocument } from './api-types.ts';
import type { Parsed } from './parse-query.ts';
import { tokensOf, usageQuery } from './read-usage.ts';
import { summedPart } from './summed-part.ts';
import { resolutionOf, timeBuckets } from './time-buckets.ts';

const ollama = 'ollama-specialist';

/** What Ollama did, valued at the list price that Claude's model has for as many tokens of input and output. */
export async function readSavings(
  { filter, zone }: Parsed,
  { prices, claudeModel }: Pick<DashboardOptions, 'prices' | 'claudeModel'>,
  { ledger, nowMs }: DashboardPorts,
): Promise<SavingsDocument> {
  const now = nowMs();
  const time = resolutionOf(filter, now);
  const asked = { ...usageQuery({ ...filter, agent: ollama }, zone), by: [time] };
  const { query, summedSinceMs } = await summedPart(asked, { ledger });
  const [rows, byModelRows] = await Promise.all([
    ledger.usage({ ...query, by: [time] }),
    ledger.usage({ ...query, by: ['model'] }),
  ]);
  const buckets = timeBuckets(filter, { firstMs: rows[0]?.startMs, nowMs: now, zone });
  const tokens = new Array<number>(buckets.startsMs.length).fill(0);
  for (const row of rows) {
    const index = buckets.indexOf(row.startMs ?? 0);
    if (index !== undefined) tokens[index] = (tokens[index] ?? 0) + tokensOf(row);
  }
  const plain = plainPrices(prices);
  const byModel = byModelRows.map((row) => savedBy(row, { claudeModel, prices: plain, nowMs: now }));
  byModel.sort((a, b) => b.tokens - a.tokens);
  const nothing = { model: '', turns: 0, inputTokens: 0, outputTokens: 0, tokens: 0, savedUsd: 0 };
  return {
    resolution: buckets.resolution,
    startsMs: buckets.startsMs,
    tokens,
    models: byModel,
    total: byModel.reduce(add, nothing),
    pricedAs: claudeModel,
    pricesAsOf,
    summedSinceMs,
  };
}

interface Valued {
  readonly claudeModel: string;
  readonly prices: readonly ModelPrice[];
  readonly nowMs: number;
}

function savedBy(row: UsageRow, { claudeModel, prices, nowMs }: Valued): SavedByModel {
  return {
    model: row.model ?? '',
    turns: row.turns,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    tokens: tokensOf(row),
    savedUsd: tokenCostUsd(row, claudeModel, nowMs, prices),
  };
}

function add(a: SavedByModel, b: SavedByModel): SavedByModel {
  return {
    model: a.model,
    turns: a.turns + b.turns,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    tokens: a.tokens + b.tokens,
    savedUsd: a.savedUsd === null || b.savedUsd === null ? null : a.savedUsd + b.savedUsd,
  };
}
