import type { Counting } from '../config/prices/Counting.ts';
import { dearestRates, findPrice } from '../config/prices/find-price.ts';
import type { KindRates } from '../config/prices/ModelPrice.ts';
import type { TokenUsage } from '../messages/token-usage.ts';

/** What the tokens of one turn count in one budget. It is kept with the turn, which is charged by what it was held with. */
export interface Rates {
  readonly rates: KindRates;
  /** What every token counts where the prompt is longer. */
  readonly longPrompt?: { readonly aboveTokens: number; readonly rates: KindRates };
}

/** What a hold counts for a token, before anybody knows its kind: the dearest kind of input, and output. */
export interface HoldRates {
  readonly input: number;
  readonly output: number;
}

/** Null where each token counts one. For a model that the table does not price, or that is not known, the dearest that it knows. */
export function ratesOf(
  counting: Counting | undefined,
  model: string | undefined,
  nowMs: number,
): Rates | null {
  if (!counting) return null;
  if (counting.unit === 'tokens') return { rates: counting.weights };
  const price = model === undefined ? null : findPrice(counting.prices, model, nowMs);
  if (!price) return { rates: dearestRates(counting.prices) };
  const { usdPerMillionTokens: rates, longPrompt } = price;
  if (!longPrompt) return { rates };
  const { aboveTokens, usdPerMillionTokens } = longPrompt;
  return { rates, longPrompt: { aboveTokens, rates: usdPerMillionTokens } };
}

/** `inputTokens`: a bound of the turn's input; where there is none, any token may be of the dearest kind. */
export function holdRatesOf(rates: Rates, inputTokens: number | undefined): HoldRates {
  const { longPrompt } = rates;
  const isShort = inputTokens !== undefined && longPrompt && inputTokens <= longPrompt.aboveTokens;
  const kinds = longPrompt && !isShort ? longPrompt.rates : rates.rates;
  const input = Math.max(kinds.input, kinds.cacheWrite5m, kinds.cacheWrite1h, kinds.cacheRead);
  if (inputTokens !== undefined) return { input, output: kinds.output };
  const dearest = Math.max(input, kinds.output);
  return { input: dearest, output: dearest };
}

/** What a hold of so many tokens, of which at most `inputTokens` are input, counts in its budget. */
export function holdAmount(rates: HoldRates | null, tokens: number, inputTokens = 0): number {
  if (!rates) return tokens;
  const input = Math.min(inputTokens, tokens);
  return roundedUp(
    millionths(rates.input) * BigInt(input) + millionths(rates.output) * BigInt(tokens - input),
  );
}

/** The most tokens, `inputTokens` of them input, whose hold counts no more than `amount`. */
export function tokensThatFit(rates: HoldRates | null, amount: number, inputTokens = 0): number {
  if (!rates) return amount;
  const perInput = millionths(rates.input);
  const perOutput = millionths(rates.output);
  const left = BigInt(amount) * million - perInput * BigInt(inputTokens);
  if (left < 0n) return Number((BigInt(amount) * million) / perInput);
  return perOutput === 0n ? Number.MAX_SAFE_INTEGER : safe(BigInt(inputTokens) + left / perOutput);
}

/** What reported usage counts. Cache writes of which nobody says for how long count as the dearer ones, for an hour. */
export function usageAmount(rates: Rates, usage: TokenUsage): number {
  const { inputTokens, cacheCreationInputTokens: written, cacheReadInputTokens, outputTokens } = usage;
  const promptTokens = inputTokens + written + cacheReadInputTokens;
  const { longPrompt } = rates;
  const kinds = longPrompt && promptTokens > longPrompt.aboveTokens ? longPrompt.rates : rates.rates;
  const for5m = Math.min(usage.cacheCreation5mInputTokens ?? 0, written);
  return roundedUp(
    millionths(kinds.input) * BigInt(inputTokens) +
      millionths(kinds.cacheWrite5m) * BigInt(for5m) +
      millionths(kinds.cacheWrite1h) * BigInt(written - for5m) +
      millionths(kinds.cacheRead) * BigInt(cacheReadInputTokens) +
      millionths(kinds.output) * BigInt(outputTokens),
  );
}

const million = 1_000_000n;

function millionths(rate: number): bigint {
  return BigInt(Math.round(rate * 1e6));
}

function roundedUp(amount: bigint): number {
  return safe((amount + million - 1n) / million);
}

function safe(amount: bigint): number {
  return Number(amount > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : amount);
}
