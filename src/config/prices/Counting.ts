import type { KindRates, ModelPrice } from './ModelPrice.ts';

/**
 * What a budget counts, where that is not tokens one by one: tokens by weights, or money by a price table. Weights and prices have at
 * most six decimals and amounts are rounded up to whole tokens or micro-dollars (a price in USD per million tokens is one in
 * micro-dollars per token), so that no sum of turns is less than what they cost.
 */
export type Counting =
  | { readonly unit: 'tokens'; readonly weights: KindRates }
  | { readonly unit: 'micro-usd'; readonly prices: readonly ModelPrice[] };
