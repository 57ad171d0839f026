import { describe, expect, it } from 'vitest';
import { dearestRates, findPrice } from './find-price.ts';
import { parsePrices } from './parse-prices.ts';
import { pricesAsOf, priceTable } from './price-table.ts';

const asOfMs = Date.parse(pricesAsOf);
const rates = (model: string, atMs = asOfMs) => findPrice(priceTable, model, atMs)?.usdPerMillionTokens;

describe('the price table', () => {
  it.each([
    ['claude-opus-4-5-20251101', 5, 25],
    ['claude-opus-4-20250514', 15, 75],
    ['claude-sonnet-5-5', 2, 10],
    ['claude-sonnet-4-5@20250929', 3, 15],
    ['claude-3-5-haiku-latest', 0.8, 4],
    ['claude-opus-5-5[1m]', 4, 20],
  ])('prices %s', (model, input, output) => {
    expect(rates(model)).toMatchObject({ input, output });
  });

  it('has the writes and reads of the cache', () => {
    expect(rates('claude-haiku-4-5')).toEqual({
      input: 1,
      cacheWrite5m: 1.25,
      cacheWrite1h: 2,
      cacheRead: 0.1,
      output: 5,
    });
  });

  it('follows a price that changed', () => {
    const changedMs = Date.UTC(2026, 9, 7);
    expect(rates('claude-sonnet-5-5', changedMs - 1)?.cacheRead).toBe(0.2);
    expect(rates('claude-sonnet-5-5', changedMs)?.cacheRead).toBe(0.1);
  });

  it('prices no model that it does not name', () => {
    expect(findPrice(priceTable, 'claude-opus-9', asOfMs)).toBeNull();
    expect(findPrice(priceTable, 'qwen3:8b', asOfMs)).toBeNull();
  });

  it('knows the dearest of each kind', () => {
    expect(dearestRates(priceTable)).toEqual({
      input: 15,
      cacheWrite5m: 18.75,
      cacheWrite1h: 30,
      cacheRead: 1.5,
      output: 75,
    });
  });

  it('has rates of six decimals at most, so that they are counted exactly, and dearer ones for long prompts', () => {
    for (const { usdPerMillionTokens: short, longPrompt } of priceTable) {
      for (const [kind, rate] of Object.entries(short)) {
        expect(Number(rate.toFixed(6))).toBe(rate);
        const long = longPrompt?.usdPerMillionTokens[kind as keyof typeof short];
        if (long !== undefined) expect(long).toBeGreaterThan(rate);
      }
    }
  });
});

describe('parsePrices', () => {
  it('reads own prices, with the usual ones for what is not named', () => {
    const [own] = parsePrices([{ model: 'my-*', input: 2, output: 8, validFrom: '2026-12-01' }], 'file');
    expect(own).toEqual({
      model: 'my-*',
      validFrom: '2026-12-01',
      usdPerMillionTokens: { input: 2, cacheWrite5m: 2.5, cacheWrite1h: 4, cacheRead: 2, output: 8 },
    });
    expect(findPrice([own as NonNullable<typeof own>], 'my-model', 0)).toBe(own);
  });

  it.each([
    [{ model: 'm' }, 'prices in config.json must be a list'],
    [[{ input: 1, output: 1 }], 'prices[0].model'],
    [[{ model: 'm', output: 1 }], 'prices[0].input'],
    [[{ model: 'm', input: -1, output: 1 }], 'prices[0].input'],
    [[{ model: 'm', input: 1, output: 1_001 }], 'prices[0].output'],
    [[{ model: 'm', input: 1, output: 1, cache: 1 }], 'prices[0].cache'],
    [[{ model: 'm', input: 1, output: 1, validFrom: 'soon' }], 'prices[0].validFrom'],
    [[{ model: 'm', input: 1, output: 1, longPrompt: { input: 2, output: 2 } }], 'longPrompt.aboveTokens'],
  ])('refuses %j and says where', (value, place) => {
    expect(() => parsePrices(value, 'config.json')).toThrow(place);
  });
});
