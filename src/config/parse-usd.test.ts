import { describe, expect, it } from 'vitest';
import { parseUsd, usdText } from './parse-usd.ts';

describe('parseUsd', () => {
  it.each([
    ['$5', 5_000_000],
    ['$ 0.50', 500_000],
    ['5 USD', 5_000_000],
    ['5usd', 5_000_000],
    ['$1,000', 1_000_000_000],
    ['$0.000001', 1],
    ['$0.1000000', 100_000],
  ])('reads %j as %i micro-dollars', (text, microUsd) => {
    expect(parseUsd(text)).toBe(microUsd);
    expect(parseUsd(usdText(microUsd))).toBe(microUsd);
  });

  it.each(['5', '$', '$0', '-$5', '$-5', '5 EUR', '$5k', '$0.0000001', '$2000000', '$1e3', 'USD', '€5'])(
    'refuses %j',
    (text) => {
      expect(parseUsd(text)).toBeNull();
    },
  );
});
