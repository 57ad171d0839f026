import { dearestRates, findPrice } from './find-price.ts';
import type { ModelPrice } from './ModelPrice.ts';

/** What to tell of a model that has no price, where a budget counts money; null for one that has. */
export function unpricedModel(model: string, prices: readonly ModelPrice[], atMs: number): string | null {
  if (findPrice(prices, model, atMs)) return null;
  const { input, output } = dearestRates(prices);
  return `${model} is not in the price table: budgets of money count it as the dearest model, $${input} a million tokens of input and $${output} of output. Name its price under "prices" in config.json.`;
}
