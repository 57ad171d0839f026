import { describe, expect, it } from 'vitest';
import { timeBuckets } from './time-buckets.ts';

const hourMs = 3_600_000;

describe('timeBuckets', () => {
  it('has every day of a zone up to today, those of 23 and 25 hours too', () => {
    // The clocks of Zurich went back on 25 October 2026.
    const nowMs = Date.parse('2026-10-27T09:00:00+01:00');
    const sinceMs = Date.parse('2026-10-23T18:00:00+02:00');
    const { resolution, startsMs, indexOf } = timeBuckets(
      { period: '7d', sinceMs },
      { firstMs: undefined, nowMs, zone: 'Europe/Zurich' },
    );
    expect(resolution).toBe('day');
    expect(startsMs).toEqual(
      [
        '2026-10-23T00:00+02:00',
        '2026-10-24T00:00+02:00',
        '2026-10-25T00:00+02:00',
        '2026-10-26T00:00+01:00',
        '2026-10-27T00:00+01:00',
      ].map((text) => Date.parse(text)),
    );
    expect(indexOf(startsMs[3] ?? 0)).toBe(3);
    expect(indexOf(sinceMs)).toBeUndefined();
  });

  it('has hours for a short period', () => {
    const nowMs = Date.UTC(2026, 10, 25, 12, 30);
    const { resolution, startsMs } = timeBuckets(
      { period: '24h', sinceMs: nowMs - 24 * hourMs },
      { firstMs: undefined, nowMs, zone: 'UTC' },
    );
    expect(resolution).toBe('hour');
    expect(startsMs).toHaveLength(25);
    expect(startsMs.at(-1)).toBe(Date.UTC(2026, 10, 25, 12));
  });

  it('begins with the first use where the period has no beginning', () => {
    const nowMs = Date.UTC(2026, 10, 25, 12);
    const firstMs = Date.UTC(2026, 10, 20);
    expect(timeBuckets({ period: 'all' }, { firstMs, nowMs, zone: 'UTC' }).startsMs).toHaveLength(6);
    expect(timeBuckets({ period: 'all' }, { firstMs: undefined, nowMs, zone: 'UTC' }).startsMs).toHaveLength(
      1,
    );
  });
});
