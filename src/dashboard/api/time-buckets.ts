import { zoneDays } from '../../state/usage/ZoneDays.ts';
import type { Filter } from './parse-query.ts';

export interface TimeBuckets {
  readonly resolution: 'hour' | 'day';
  /** The position of the bucket that begins at this time; undefined where there is none. */
  readonly indexOf: (startMs: number) => number | undefined;
  readonly startsMs: readonly number[];
}

const hourMs = 3_600_000;
/** Longer than this, hours are too narrow to be seen. */
const mostHourlyMs = 3 * 86_400_000;

/** Whether a period is looked at by hours or by days. */
export function resolutionOf({ sinceMs }: Filter, nowMs: number): 'hour' | 'day' {
  return sinceMs !== undefined && nowMs - sinceMs <= mostHourlyMs ? 'hour' : 'day';
}

/** The hours or days from the beginning of a period, or of the first use where it has none, up to now; those without use included. */
export function timeBuckets(
  filter: Filter,
  {
    firstMs,
    nowMs,
    zone,
  }: { readonly firstMs: number | undefined; readonly nowMs: number; readonly zone: string },
): TimeBuckets {
  const days = zoneDays(zone);
  const resolution = resolutionOf(filter, nowMs);
  const startsMs: number[] = [];
  const fromMs = filter.sinceMs ?? firstMs ?? nowMs;
  if (resolution === 'hour') {
    for (let at = days.hourOf(fromMs); at <= nowMs; at = days.hourOf(at + hourMs)) startsMs.push(at);
  } else {
    for (let at = days.startOf(fromMs); at <= nowMs; at = days.endOf(at)) startsMs.push(at);
  }
  const positions = new Map(startsMs.map((startMs, index) => [startMs, index]));
  return { resolution, startsMs, indexOf: (startMs) => positions.get(startMs) };
}
