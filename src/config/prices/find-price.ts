import { matchesPattern } from '../match-pattern.ts';
import type { KindRates, ModelPrice } from './ModelPrice.ts';

/** The price of a model on a day, epoch milliseconds: the first that matches and holds; null for a model that nobody has priced. */
export function findPrice(prices: readonly ModelPrice[], model: string, atMs: number): ModelPrice | null {
  const name = withoutDate(model);
  const matching = prices.filter(
    (one) => matchesPattern(one.model, name) || matchesPattern(one.model, model),
  );
  return matching.find((one) => holdsAt(one, atMs)) ?? matching.at(-1) ?? null;
}

/** What no model of the table is above, kind by kind, long prompts included: an upper bound for a model that has no price. */
export function dearestRates(prices: readonly ModelPrice[]): KindRates {
  const all = prices.flatMap(({ usdPerMillionTokens, longPrompt }) => [
    usdPerMillionTokens,
    ...(longPrompt ? [longPrompt.usdPerMillionTokens] : []),
  ]);
  const dearest = (kind: keyof KindRates) => Math.max(0, ...all.map((rates) => rates[kind]));
  return {
    input: dearest('input'),
    cacheWrite5m: dearest('cacheWrite5m'),
    cacheWrite1h: dearest('cacheWrite1h'),
    cacheRead: dearest('cacheRead'),
    output: dearest('output'),
  };
}

function holdsAt({ validFrom }: ModelPrice, atMs: number): boolean {
  return validFrom === undefined || Date.parse(`${validFrom}T00:00:00Z`) <= atMs;
}

/** `claude-opus-4-5-20251101`, `claude-3-5-haiku-latest`, `claude-opus-5[1m]` by the name that the price list uses. */
function withoutDate(model: string): string {
  return model.replace(/\[[^\]]*\]$/, '').replace(/[-@](\d{8}|latest)$/, '');
}
