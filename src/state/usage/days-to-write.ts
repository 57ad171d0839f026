import type { UsagePlan } from './plan-usage.ts';
import type { UsagePiece } from './UsageTally.ts';
import { zoneDays } from './ZoneDays.ts';

/** Days that are written in one transaction: a few ms each. */
const mostDays = 15;

type Day = readonly [startMs: number, endMs: number];

/** The days of a time zone, from `fromMs` on, that pieces are of. */
export function daysOf(
  pieces: Iterable<UsagePiece>,
  zone: { readonly timeZone: string; readonly fromMs: number },
): Day[] {
  const days = zoneDays(zone.timeZone);
  const starts = new Set<number>();
  for (const { atMs } of pieces) if (atMs >= zone.fromMs) starts.add(days.startOf(atMs));
  return [...starts].map((startMs) => [startMs, days.endOf(startMs)]);
}

/**
 * The next days to be kept for a plan, backwards from where the kept ones begin, as far as quarters of an hour are whole (`wholeMs`); and
 * from when on days are kept then: from ever where nothing lies before.
 */
export function daysBefore(
  { wholeDays, days }: UsagePlan,
  given: { readonly fromMs: number; readonly wholeMs: number; readonly firstMs: number | null },
): { readonly days: readonly Day[]; readonly fromMs: number } {
  const { wholeMs, firstMs } = given;
  const untilMs = Math.max(wholeDays?.fromMs ?? given.fromMs, wholeMs);
  const found: Day[] = [];
  let { fromMs } = given;
  while (fromMs > untilMs && found.length < mostDays) {
    if (firstMs === null || fromMs <= firstMs) {
      const atLeastMs = days.startOf(untilMs) === untilMs ? untilMs : days.endOf(untilMs);
      return { days: found, fromMs: wholeMs === 0 ? 0 : atLeastMs };
    }
    const startMs = days.startOf(fromMs - 1);
    if (startMs < untilMs) break;
    found.push([startMs, fromMs]);
    fromMs = startMs;
  }
  return { days: found, fromMs };
}
