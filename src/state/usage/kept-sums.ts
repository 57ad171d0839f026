import { nextQuarterMs } from './fold-turns.ts';
import type { UsagePlan } from './plan-usage.ts';

/** Numbers of turns that no stored sum has reached, though they are not above the mark. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** None of them started later. */
  readonly newestMs: number;
}

/** The tiers of a time zone's days, by the name of their view. */
export interface ZoneTiers {
  readonly timeZone: string;
  readonly tiers: Readonly<Record<string, number>>;
  /** Earlier days are not in them yet. */
  readonly fromMs: number;
}

/** A part of a tier; 0 is the one of the quarters of an hour. */
export interface Stretch {
  readonly tier: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Turns that a reader sums by itself before it stores their sums. */
export const mostUnsummed = 1_000;

/**
 * From when on stored sums answer a plan at once, where all turns but those that readers sum themselves are in the quarters of an hour
 * since `wholeMs`; null where they do for all of it.
 */
export function readyFromMs(
  { fromMs, wholeDays }: UsagePlan,
  zone: ZoneTiers | null,
  wholeMs: number,
): number | null {
  const daysMs = wholeDays ? (zone?.fromMs ?? wholeDays.toMs) : 0;
  const missingMs = wholeDays && daysMs > wholeDays.fromMs ? daysMs : 0;
  const readyMs = Math.max(wholeMs, missingMs);
  return readyMs <= fromMs ? null : readyMs;
}

/** From when on every turn that is not above the mark is in the quarters of an hour; `newest`: the gap with the newest turn. */
export function wholeFromMs(newest: Gap | undefined): number {
  return newest ? nextQuarterMs(newest.newestMs) : 0;
}

/** Where the stored sums for a plan are: days as far as they are kept, quarters of an hour before and after. */
export function stretchesOf(
  { fromMs, toMs, wholeDays, view }: UsagePlan,
  zone: ZoneTiers | null,
): readonly Stretch[] {
  const daysMs = wholeDays && zone ? Math.max(wholeDays.fromMs, zone.fromMs) : toMs;
  const tier = zone?.tiers[view.name];
  if (!wholeDays || tier === undefined || daysMs >= wholeDays.toMs) return [{ tier: 0, fromMs, toMs }];
  return [
    { tier: 0, fromMs, toMs: daysMs },
    { tier, fromMs: daysMs, toMs: wholeDays.toMs },
    { tier: 0, fromMs: wholeDays.toMs, toMs },
  ].filter((one) => one.fromMs < one.toMs);
}
