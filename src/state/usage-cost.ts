import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import { CHARGED_AGENT } from './Ledger.ts';
import { tokenCostUsd } from './token-cost.ts';
import type { UsageDimension, UsageRow } from './usage/UsageQuery.ts';

/** A group of usage with its list price. */
export interface PricedUsage extends UsageRow {
  /** USD; 0 where nobody pays, null where the price of a model in it is not known. */
  readonly costUsd: number | null;
}

/** What a query must be grouped by so that its rows can be priced. */
export function pricedDimensions(by: readonly UsageDimension[]): readonly UsageDimension[] {
  return [...new Set<UsageDimension>([...by, 'agent', 'model'])];
}

/**
 * Prices rows of `pricedDimensions(by)` at their models' list prices, and puts them together by `by` again. Sums do not know which of
 * their calls had a long prompt, so the dearer prices of those are left out; what is charged at its hold has no known price.
 */
export function priceUsage(
  rows: readonly UsageRow[],
  by: readonly UsageDimension[],
  prices: readonly ModelPrice[],
  nowMs: number,
): PricedUsage[] {
  const plain = prices.map(({ longPrompt: _dearer, ...price }) => price);
  const groups = new Map<string, PricedUsage>();
  for (const row of rows) {
    const keys = by.map((one) => [one, one === 'hour' || one === 'day' ? row.startMs : row[one]] as const);
    const id = keys.map(([, value]) => value ?? '').join('\n');
    const cost =
      row.agent === CHARGED_AGENT ? tokenCostUsd(row, row.model ?? '', row.startMs ?? nowMs, plain) : 0;
    const known = groups.get(id);
    groups.set(id, known ? add(known, row, cost) : { ...pick(row, by), ...sums(row), costUsd: cost });
  }
  return [...groups.values()].sort(
    (a, b) => (a.startMs ?? 0) - (b.startMs ?? 0) || b.chargedTokens - a.chargedTokens || b.turns - a.turns,
  );
}

/** Everything together. */
export function totalOf(rows: readonly PricedUsage[]): PricedUsage {
  const none: PricedUsage = {
    inputTokens: 0,
    cacheCreationInputTokens: 0,
    cacheCreation5mInputTokens: 0,
    cacheReadInputTokens: 0,
    outputTokens: 0,
    chargedTokens: 0,
    turns: 0,
    costUsd: 0,
  };
  return rows.reduce((sum, row) => add(sum, row, row.costUsd), none);
}

function add(a: PricedUsage, b: UsageRow, cost: number | null): PricedUsage {
  return {
    ...a,
    inputTokens: a.inputTokens + b.inputTokens,
    cacheCreationInputTokens: a.cacheCreationInputTokens + b.cacheCreationInputTokens,
    cacheCreation5mInputTokens: a.cacheCreation5mInputTokens + b.cacheCreation5mInputTokens,
    cacheReadInputTokens: a.cacheReadInputTokens + b.cacheReadInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    chargedTokens: a.chargedTokens + b.chargedTokens,
    turns: a.turns + b.turns,
    costUsd: a.costUsd === null || cost === null ? null : a.costUsd + cost,
  };
}

function sums({ inputTokens, cacheCreationInputTokens, cacheCreation5mInputTokens, ...row }: UsageRow) {
  const { cacheReadInputTokens, outputTokens, chargedTokens, turns } = row;
  return {
    inputTokens,
    cacheCreationInputTokens,
    cacheCreation5mInputTokens,
    cacheReadInputTokens,
    outputTokens,
    chargedTokens,
    turns,
  };
}

function pick(row: UsageRow, by: readonly UsageDimension[]): Partial<UsageRow> {
  const entries = by.map((one) =>
    one === 'hour' || one === 'day' ? (['startMs', row.startMs] as const) : ([one, row[one] ?? ''] as const),
  );
  return Object.fromEntries(entries);
}
