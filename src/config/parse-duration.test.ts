import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './parse-duration.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['30min', 1_800_000],
    ['5h', 18_000_000],
    ['24H', 86_400_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
  ])('reads %j', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  it.each(['', '24', '5 parsecs', '-5h', '0s', '0.1s', '401d', '99999w'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 86_400 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  it('writes a day as 24h and a week as 7d', () => {
    expect([formatDuration(86_400_000), formatDuration(604_800_000), formatDuration(18_000_000)]).toEqual([
      '24h',
      '7d',
      '5h',
    ]);
  });
});
