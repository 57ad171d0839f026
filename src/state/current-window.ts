import { periodEndMs } from './calendar-period.ts';
import type { BudgetSpec } from './Ledger.ts';

/** What decides when a window ends. */
export type WindowRule = Pick<BudgetSpec, 'windowMs' | 'calendar' | 'counts'>;

/** What is stored of a budget's latest window. */
export interface StoredWindow {
  /** First use, epoch ms. */
  readonly startMs: number;
  /** Ended by hand (`reset`), whatever the clock says. */
  readonly ended: boolean;
  /** Whether its sums are micro-dollars. Default: tokens. */
  readonly isUsd?: boolean;
}

/** Whether a budget counts micro-dollars. */
export function isUsd({ counts }: Pick<BudgetSpec, 'counts'>): boolean {
  return counts?.unit === 'micro-usd';
}

/** When a window that started at `startMs` ends, epoch ms: after its length, or with the calendar's period that it started in. */
function windowResetAtMs(spec: WindowRule, startMs: number): number {
  return spec.calendar ? periodEndMs(spec.calendar, startMs) : startMs + spec.windowMs;
}

/**
 * Whether a stored window is the current one: it ends as soon as `now >= resetAt`. A clock that runs backwards resets nothing: a
 * window whose start lies in the future stays current. The configuration of now counts, so changing it moves the end of the running
 * window, and a window of another unit is not the budget's any more.
 */
export function isCurrentWindow(
  spec: WindowRule,
  window: StoredWindow | null,
  nowMs: number,
): window is StoredWindow {
  if (window === null || window.ended || nowMs >= windowResetAtMs(spec, window.startMs)) return false;
  return (window.isUsd ?? false) === isUsd(spec);
}

/** Start and end of the current window; for a budget without one, a null start and the end it would have if it began now. */
export function currentWindow(
  spec: WindowRule,
  window: StoredWindow | null,
  nowMs: number,
): { readonly windowStartMs: number | null; readonly resetAtMs: number } {
  if (isCurrentWindow(spec, window, nowMs)) {
    return { windowStartMs: window.startMs, resetAtMs: windowResetAtMs(spec, window.startMs) };
  }
  return { windowStartMs: null, resetAtMs: windowResetAtMs(spec, nowMs) };
}
