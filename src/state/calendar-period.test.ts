import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodEndMs } from './calendar-period.ts';
import type { CalendarPeriod } from './Ledger.ts';

const zones = [
  'UTC',
  'Europe/Zurich',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Africa/Casablanca',
];

/** The wall clock, read by the engine's own Intl and not by the library that computes periods. */
function wallClock(atMs: number, timeZone: string) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'short',
  });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    hour: number('hour'),
    minute: number('minute'),
    weekday: parts.get('weekday'),
  };
}

const calendar = fc.record({
  period: fc.constantFrom('day', 'week', 'month'),
  timeZone: fc.constantFrom(...zones),
  hour: fc.nat(23),
}) satisfies fc.Arbitrary<CalendarPeriod>;
const moment = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2035, 0) });
const hourMs = 3_600_000;
const longestMs = { day: 49 * hourMs, week: 8 * 24 * hourMs, month: 32 * 24 * hourMs };

describe('a period of the calendar', () => {
  it('ends at its hour on the wall clock, on a Monday or a 1st where it should, or right after a gap', () => {
    fc.assert(
      fc.property(calendar, moment, (given, atMs) => {
        const endMs = periodEndMs(given, atMs);
        expect(endMs).toBeGreaterThan(atMs);
        expect(endMs - atMs).toBeLessThanOrEqual(longestMs[given.period]);
        const at = wallClock(endMs, given.timeZone);
        const isInGap = !(at.hour === given.hour && at.minute === 0);
        if (isInGap) {
          // The clock jumped over the hour: nothing between the hour and this was ever shown.
          const before = wallClock(endMs - 2 * hourMs, given.timeZone);
          expect([before.hour, before.minute]).not.toEqual([given.hour, 0]);
          expect((at.hour * 60 + at.minute - given.hour * 60 + 1440) % 1440).toBeLessThanOrEqual(60);
        } else if (given.timeZone !== 'Pacific/Apia') {
          if (given.period === 'week') expect(at.weekday).toBe('Mon');
          if (given.period === 'month') expect(at.day).toBe(1);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('is one period for all of its moments, and the next begins where it ends', () => {
    fc.assert(
      fc.property(
        calendar,
        moment,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (given, atMs, share) => {
          const endMs = periodEndMs({ ...given }, atMs);
          const within = atMs + Math.floor((endMs - atMs) * share);
          expect(periodEndMs({ ...given }, within)).toBe(endMs);
          expect(periodEndMs({ ...given }, endMs)).toBeGreaterThan(endMs);
          expect(periodEndMs({ ...given }, endMs - 1)).toBe(endMs);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('answers the same from what it remembers, in whatever order it is asked', () => {
    fc.assert(
      fc.property(calendar, fc.array(moment, { minLength: 2, maxLength: 20 }), (given, moments) => {
        for (const atMs of moments) expect(periodEndMs(given, atMs)).toBe(periodEndMs({ ...given }, atMs));
      }),
      { numRuns: 200 },
    );
  });

  const day = (timeZone: string, hour: number, period: CalendarPeriod['period'] = 'day') => ({
    period,
    timeZone,
    hour,
  });
  const end = (given: CalendarPeriod, from: string) =>
    new Date(periodEndMs(given, Date.parse(from))).toISOString();

  it.each([
    ['a day of 23 hours', day('Europe/Zurich', 0), '2026-03-28T23:00Z', '2026-03-29T22:00:00.000Z'],
    ['a day of 25 hours', day('Europe/Zurich', 0), '2026-10-24T22:00Z', '2026-10-25T23:00:00.000Z'],
    [
      'an hour that is skipped, after the gap',
      day('Europe/Zurich', 2),
      '2026-03-28T12:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'an hour that comes twice, the first time',
      day('Europe/Zurich', 2),
      '2026-10-24T12:00Z',
      '2026-10-25T00:00:00.000Z',
    ],
    ['and not the second time', day('Europe/Zurich', 2), '2026-10-25T00:00Z', '2026-10-26T01:00:00.000Z'],
    ['a gap of half an hour', day('Australia/Lord_Howe', 2), '2026-10-03T12:00Z', '2026-10-03T15:30:00.000Z'],
    [
      'midnight that is skipped',
      day('America/Sao_Paulo', 0),
      '2018-11-03T12:00Z',
      '2018-11-04T03:00:00.000Z',
    ],
    ['a day that never was', day('Pacific/Apia', 4), '2011-12-29T15:00Z', '2011-12-30T14:00:00.000Z'],
    ['29 February', day('UTC', 0), '2028-02-28T12:00Z', '2028-02-29T00:00:00.000Z'],
    ['February of a leap year', day('UTC', 0, 'month'), '2028-02-01T00:00Z', '2028-03-01T00:00:00.000Z'],
    [
      'the hour before a month begins',
      day('UTC', 6, 'month'),
      '2026-05-01T05:59Z',
      '2026-05-01T06:00:00.000Z',
    ],
    [
      'a week over new year',
      day('America/New_York', 9, 'week'),
      '2026-12-31T12:00Z',
      '2027-01-04T14:00:00.000Z',
    ],
  ])('knows %s', (_name, given, from, expected) => {
    expect(end(given, from)).toBe(expected);
  });
});
