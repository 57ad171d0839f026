import { findPrice } from '../config/prices/find-price.ts';
import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import { ratesOf, usageAmount } from './amounts.ts';
import { CHARGED_AGENT, type TurnRecord } from './Ledger.ts';

/** The list price of one call's tokens in USD, rounded up to a millionth; null for a model that the table does not price. */
export function tokenCostUsd(
  usage: TokenUsage,
  model: string,
  atMs: number,
  prices: readonly ModelPrice[],
): number | null {
  if (!findPrice(prices, model, atMs)) return null;
  const rates = ratesOf({ unit: 'micro-usd', prices }, model, atMs);
  return rates && usageAmount(rates, usage) / 1_000_000;
}

/** The same of a recorded turn: 0 for one that nobody pays for, null where its usage or its model's price is not known. */
export function turnCostUsd(turn: TurnRecord, prices: readonly ModelPrice[]): number | null {
  if (turn.agent !== CHARGED_AGENT || turn.state === 'released') return 0;
  return turn.usage && tokenCostUsd(turn.usage, turn.model, turn.startedAtMs, prices);
}
