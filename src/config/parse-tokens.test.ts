import { describe, expect, it } from 'vitest';
import { parseTokens } from './parse-tokens.ts';

describe('parseTokens', () => {
  it.each([
    ['10000', 10_000],
    ['10,000', 10_000],
    ['10_000', 10_000],
    ['20k', 20_000],
    ['2M', 2_000_000],
    ['1.5m', 1_500_000],
    ['1.1k', 1_100],
    [' 3 G ', 3_000_000_000],
    ['1', 1],
  ])('reads %j as %i tokens', (text, tokens) => {
    expect(parseTokens(text)).toBe(tokens);
  });

  it.each(['', '0', '-5', '0.2', '1.5', 'banana', '2MM', '1,00', '1e6', '99999999g', 'NaN', 'Infinity'])(
    'refuses %j',
    (text) => {
      expect(parseTokens(text)).toBeNull();
    },
  );
});
