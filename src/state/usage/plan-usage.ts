import { TeelammaError } from '../../errors.ts';
import { quarterMs } from './fold-turns.ts';
import { type UsageDimension, type UsageKey, type UsageQuery, usageKeys } from './UsageQuery.ts';
import type { UsagePiece } from './UsageTally.ts';
import { type UsageView, viewFor } from './usage-views.ts';
import { type ZoneDays, zoneDays } from './ZoneDays.ts';

/** How the stored sums answer a query: whole days from the days of its zone, the rest from quarters of an hour. */
export interface UsagePlan {
  readonly query: UsageQuery;
  readonly timeZone: string;
  readonly days: ZoneDays;
  readonly keys: readonly UsageKey[];
  readonly time: 'hour' | 'day' | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whole days within, where the query does not ask for hours; null where there are fewer than two. */
  readonly wholeDays: { readonly fromMs: number; readonly toMs: number } | null;
  /** Which of the zone's days are read. */
  readonly view: UsageView;
}

/** Outside of these no turn can have started; within, every calendar works. */
const firstMs = 0;
const lastMs = Date.UTC(2200, 0, 1);

/** @throws TeelammaError `invalid-argument` for a query that cannot be answered. */
export function planUsage(query: UsageQuery): UsagePlan {
  const by = query.by ?? [];
  const time = by.filter((one) => one === 'hour' || one === 'day');
  if (time.length > 1 || new Set<UsageDimension>(by).size < by.length) {
    throw new TeelammaError(
      'invalid-argument',
      `Usage cannot be grouped by ${by.join(' and ')}. Name each once, and one of hour and day.`,
    );
  }
  const timeZone = query.timeZone ?? 'UTC';
  const days = zoneDays(timeZone);
  checkZone(days, timeZone);
  const fromMs = clamp(Math.floor((query.sinceMs ?? firstMs) / quarterMs) * quarterMs);
  const toMs = clamp(Math.ceil((query.untilMs ?? lastMs) / quarterMs) * quarterMs);
  return {
    query,
    timeZone,
    days,
    keys: usageKeys.filter((key) => by.includes(key)),
    time: (time[0] as 'hour' | 'day' | undefined) ?? null,
    fromMs,
    toMs,
    wholeDays: time[0] === 'hour' ? null : wholeDays(days, fromMs, toMs),
    view: viewFor([...by, ...Object.keys(query.where ?? {})]),
  };
}

/** Whether what is not summed yet is within what a plan asks for. */
export function matchesPlan({ query, fromMs, toMs }: UsagePlan, piece: UsagePiece): boolean {
  if (piece.atMs < fromMs || piece.atMs >= toMs) return false;
  return Object.entries(query.where ?? {}).every(([key, value]) => piece[key as UsageKey] === value);
}

function checkZone(days: ZoneDays, timeZone: string): void {
  try {
    days.startOf(0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TeelammaError(
      'invalid-argument',
      `There is no time zone "${timeZone}". Give an IANA name, such as Europe/Zurich.`,
    );
  }
}

function wholeDays(days: ZoneDays, fromMs: number, toMs: number): UsagePlan['wholeDays'] {
  const startMs = days.startOf(fromMs) === fromMs ? fromMs : days.endOf(fromMs);
  const endMs = days.startOf(toMs);
  return endMs - startMs > 2 * 86_400_000 ? { fromMs: startMs, toMs: endMs } : null;
}

function clamp(atMs: number): number {
  return Math.min(lastMs, Math.max(firstMs, atMs));
}
