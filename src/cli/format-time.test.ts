import { describe, expect, it } from 'vitest';
import { formatCountdown } from '../messages/format-countdown.ts';
import { formatMoment, formatShortMoment } from './format-time.ts';

describe('formatMoment', () => {
  it.each([
    // The clocks of Zurich go from 02:00 to 03:00 on 30 March 2025, and from 03:00 back to 02:00 on 26 October.
    ['2025-03-30T00:59:00Z', 'Europe/Zurich', 'Sun 30 Mar 2025, 01:59 GMT+1 (Europe/Zurich)'],
    ['2025-03-30T01:00:00Z', 'Europe/Zurich', 'Sun 30 Mar 2025, 03:00 GMT+2 (Europe/Zurich)'],
    ['2025-10-26T00:30:00Z', 'Europe/Zurich', 'Sun 26 Oct 2025, 02:30 GMT+2 (Europe/Zurich)'],
    ['2025-10-26T01:30:00Z', 'Europe/Zurich', 'Sun 26 Oct 2025, 02:30 GMT+1 (Europe/Zurich)'],
    ['2025-11-02T05:30:00Z', 'America/New_York', 'Sun 2 Nov 2025, 01:30 GMT-4 (America/New_York)'],
    ['2025-11-02T06:30:00Z', 'America/New_York', 'Sun 2 Nov 2025, 01:30 GMT-5 (America/New_York)'],
    ['2025-01-01T00:00:00Z', 'Asia/Kathmandu', 'Wed 1 Jan 2025, 05:45 GMT+5:45 (Asia/Kathmandu)'],
    ['2025-01-01T00:00:00Z', 'UTC', 'Wed 1 Jan 2025, 00:00 GMT (UTC)'],
  ])('gives %s in %s with the offset that holds then', (instant, timeZone, text) => {
    expect(formatMoment(Date.parse(instant), timeZone)).toBe(text);
  });
});

describe('formatShortMoment', () => {
  it('gives a sortable local time', () => {
    expect(formatShortMoment(Date.parse('2025-07-01T22:03:04Z'), 'Europe/Zurich')).toBe(
      '2025-07-02 00:03:04',
    );
  });
});

describe('formatCountdown', () => {
  it.each([
    [-1, 'now'],
    [0, 'now'],
    [1, '1s'],
    [59_000, '59s'],
    [59_001, '1m 0s'],
    [249_000, '4m 9s'],
    [18_720_000, '5h 12m'],
    [183_600_000, '2d 3h'],
  ])('says %i ms as %s', (durationMs, text) => {
    expect(formatCountdown(durationMs)).toBe(text);
  });
});
