import { describe, expect, it } from 'vitest';
import { formatUsd } from './format-usd.ts';

describe('formatUsd', () => {
  it.each([
    [0, '$0.00'],
    [20_000_000, '$20.00'],
    [4_998_700, '$4.9987'],
    [50_000, '$0.05'],
    [12, '$0.000012'],
    [1_234_567_890, '$1,234.57'],
  ])('writes %i micro-dollars as %s', (microUsd, text) => {
    expect(formatUsd(microUsd)).toBe(text);
  });
});
