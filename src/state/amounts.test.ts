import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceTable } from '../config/prices/price-table.ts';
import { holdAmount, holdRatesOf, type Rates, ratesOf, tokensThatFit, usageAmount } from './amounts.ts';
import { tokenCostUsd } from './token-cost.ts';

const atMs = Date.UTC(2026, 10, 25);
const rate = fc.integer({ min: 0, max: 100_000_000 }).map((millionths) => millionths / 1e6);
const kinds = fc.record({
  input: rate,
  cacheWrite5m: rate,
  cacheWrite1h: rate,
  cacheRead: rate,
  output: rate,
});
const tokens = fc.nat(300_000);
const usage = fc
  .record({
    inputTokens: tokens,
    cacheCreationInputTokens: tokens,
    cacheCreation5mInputTokens: tokens,
    cacheReadInputTokens: tokens,
    outputTokens: tokens,
  })
  .map((one) => ({
    ...one,
    cacheCreation5mInputTokens: Math.min(one.cacheCreation5mInputTokens, one.cacheCreationInputTokens),
  }));

describe('amounts', () => {
  it('hold no less than any usage within their bounds costs', () => {
    const dearer = fc.tuple(kinds, kinds).map(([rates, more]): Rates => {
      const sum = { ...rates };
      for (const kind of Object.keys(sum) as (keyof typeof sum)[]) sum[kind] = rates[kind] + more[kind];
      return { rates, longPrompt: { aboveTokens: 100_000, rates: rounded(sum) } };
    });
    fc.assert(
      fc.property(dearer, usage, fc.nat(1_000), fc.nat(1_000), (rates, used, moreInput, moreOutput) => {
        const input =
          used.inputTokens + used.cacheCreationInputTokens + used.cacheReadInputTokens + moreInput;
        const total = input + used.outputTokens + moreOutput;
        const cost = usageAmount(rates, used);
        expect(holdAmount(holdRatesOf(rates, input), total, input)).toBeGreaterThanOrEqual(cost);
        expect(holdAmount(holdRatesOf(rates, undefined), total)).toBeGreaterThanOrEqual(cost);
      }),
    );
  });

  it('let exactly those tokens fit whose hold does', () => {
    fc.assert(
      fc.property(rate, rate, fc.nat(10_000_000), fc.nat(50_000), (input, output, amount, inputTokens) => {
        const rates = { input, output };
        const most = tokensThatFit(rates, amount, inputTokens);
        if (most === Number.MAX_SAFE_INTEGER) {
          expect(output).toBe(0);
          return;
        }
        expect(holdAmount(rates, most, inputTokens)).toBeLessThanOrEqual(amount);
        expect(holdAmount(rates, most + 1, inputTokens)).toBeGreaterThan(amount);
      }),
    );
  });

  it('do not drift: a tenth, a thousand times, is a hundred', () => {
    const tenth = { input: 0.1, cacheWrite5m: 0.1, cacheWrite1h: 0.1, cacheRead: 0.1, output: 0.1 };
    const used = { inputTokens: 3, cacheCreationInputTokens: 0, cacheReadInputTokens: 997, outputTokens: 0 };
    expect(usageAmount({ rates: tenth }, used)).toBe(100);
  });

  it('price by the table, in USD', () => {
    const used = {
      inputTokens: 1_000,
      cacheCreationInputTokens: 2_000,
      cacheCreation5mInputTokens: 2_000,
      cacheReadInputTokens: 100_000,
      outputTokens: 500,
    };
    expect(tokenCostUsd(used, 'claude-sonnet-5-5', atMs, priceTable)).toBe(0.022);
    expect(tokenCostUsd(used, 'claude-haiku-5-5', atMs, priceTable)).toBe(0.008);
    expect(tokenCostUsd(used, 'somebody-elses', atMs, priceTable)).toBeNull();
    expect(ratesOf({ unit: 'micro-usd', prices: priceTable }, undefined, atMs)?.rates.output).toBe(75);
  });
});

function rounded(rates: Rates['rates']): Rates['rates'] {
  const entries = Object.entries(rates).map(([kind, value]) => [kind, Math.round(value * 1e6) / 1e6]);
  return Object.fromEntries(entries) as unknown as Rates['rates'];
}
