import type { Temporal as TemporalNamespace } from 'temporal-polyfill';
import type { CalendarPeriod } from './Ledger.ts';

type Temporal = typeof TemporalNamespace;

/**
 * The first beginning of a period after `atMs`, epoch ms. A beginning that the clocks skip (spring) comes at the same distance after
 * the gap; one that they show twice (autumn) counts the first time: RFC 5545, and Temporal's `compatible`.
 * The answer for the same period is remembered, so asking is cheap.
 * @throws RangeError for a time zone that does not exist; the configuration has checked it.
 */
export function periodEndMs(calendar: CalendarPeriod, atMs: number): number {
  const known = latest.get(calendar);
  if (known && atMs >= known.fromMs && atMs < known.endMs) return known.endMs;
  const endMs = computeEndMs(calendar, atMs);
  latest.set(calendar, { fromMs: atMs, endMs });
  return endMs;
}

/** A stretch of time without a beginning in it, for each calendar. */
const latest = new WeakMap<CalendarPeriod, { readonly fromMs: number; readonly endMs: number }>();

function computeEndMs({ period, timeZone, hour }: CalendarPeriod, atMs: number): number {
  const date = temporal().Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
  let first = date;
  if (period === 'week') first = date.subtract({ days: date.dayOfWeek - 1 });
  if (period === 'month') first = date.with({ day: 1 });
  for (;;) {
    const beginning = first
      .toPlainDateTime({ hour })
      .toZonedDateTime(timeZone, { disambiguation: 'compatible' });
    if (beginning.epochMilliseconds > atMs) return beginning.epochMilliseconds;
    first = first.add(period === 'day' ? { days: 1 } : period === 'week' ? { weeks: 1 } : { months: 1 });
  }
}

let loaded: Temporal | null = null;

/** Node's own where it has one (from 26 on), else the polyfill; loaded when a calendar is first asked, since most budgets have none. */
function temporal(): Temporal {
  const own = (globalThis as { Temporal?: Temporal }).Temporal;
  loaded ??=
    own ??
    (
      process.getBuiltinModule('node:module').createRequire(import.meta.url)('temporal-polyfill') as {
        Temporal: Temporal;
      }
    ).Temporal;
  return loaded;
}
