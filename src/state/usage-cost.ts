import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import { CHARGED_AGENT } from './Ledger.ts';
import { tokenCostUsd } from './token-cost.ts';
import type { UsageDimension, UsageRow } from './usage/UsageQuery.ts';
import { addSums, noSums, type Sums } from './usage/UsageTally.ts';

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
  const plain = plainPrices(prices);
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const keys = by.map((one) => [one, one === 'hour' || one === 'day' ? row.startMs : row[one]] as const);
    const id = keys.map(([, value]) => value ?? '').join('\n');
    const cost =
      row.agent === CHARGED_AGENT ? tokenCostUsd(row, row.model ?? '', row.startMs ?? nowMs, plain) : 0;
    const group = groups.get(id) ?? newGroup(pick(row, by));
    groups.set(id, group);
    addTo(group, row, cost);
  }
  return [...groups.values()].sort(
    (a, b) => (a.startMs ?? 0) - (b.startMs ?? 0) || b.chargedTokens - a.chargedTokens || b.turns - a.turns,
  );
}

/** Prices without those of long prompts: whether a prompt was long cannot be told from sums. */
export function plainPrices(prices: readonly ModelPrice[]): readonly ModelPrice[] {
  return prices.map(({ longPrompt: _dearer, ...price }) => price);
}

/** Everything together. */
export function totalOf(rows: readonly PricedUsage[]): PricedUsage {
  const total = newGroup({});
  for (const row of rows) addTo(total, row, row.costUsd);
  return total;
}

/** A group under construction. */
type Group = Partial<UsageRow> & Sums & { costUsd: number | null };

function newGroup(values: Partial<UsageRow>): Group {
  return { ...values, ...noSums(), costUsd: 0 };
}

function addTo(group: Group, row: UsageRow, cost: number | null): void {
  addSums(group, row);
  group.costUsd = group.costUsd === null || cost === null ? null : group.costUsd + cost;
}

function pick(row: UsageRow, by: readonly UsageDimension[]): Partial<UsageRow> {
  const entries = by.map((one) =>
    one === 'hour' || one === 'day' ? (['startMs', row.startMs] as const) : ([one, row[one] ?? ''] as const),
  );
  return Object.fromEntries(entries);
}
