import { holdRatesOf, ratesOf } from './amounts.ts';
import { currentWindow, isCurrentWindow, isUsd, type StoredWindow } from './current-window.ts';
import type { BudgetSpec, BudgetStatus } from './Ledger.ts';

/** Sums of one window, in its budget's unit. */
export interface WindowSums extends StoredWindow {
  /** Which value of `each` it counts; '' where the value is not known. */
  readonly counter?: string;
  readonly settledTokens: number;
  readonly heldTokens: number;
  /** Part of settled + held that belongs to forced reservations. */
  readonly forcedTokens: number;
}

/**
 * The status of a budget from its latest stored window (null: never used) and the time. `counter`: which of its counters this is, for
 * a budget with `each`; null where none is in use. `model`: whose tokens are to be counted.
 */
export function budgetStatus(
  spec: BudgetSpec,
  window: WindowSums | null,
  nowMs: number,
  counter: string | null = window?.counter ?? null,
  model?: string,
): BudgetStatus {
  const sums = isCurrentWindow(spec, window, nowMs) ? (window as WindowSums) : null;
  const settledTokens = sums?.settledTokens ?? 0;
  const heldTokens = sums?.heldTokens ?? 0;
  const usedTokens = settledTokens + heldTokens;
  const status: BudgetStatus = {
    name: spec.name,
    limitTokens: spec.limitTokens,
    settledTokens,
    heldTokens,
    remainingTokens: Math.max(0, spec.limitTokens - usedTokens),
    overdraftTokens: Math.min(sums?.forcedTokens ?? 0, Math.max(0, usedTokens - spec.limitTokens)),
    exhausted: usedTokens >= spec.limitTokens,
    ...currentWindow(spec, window, nowMs),
    windowMs: spec.windowMs,
  };
  // Apart, since this is in the hot path and most budgets have none of them.
  if (spec.calendar === undefined && spec.each === undefined && spec.counts === undefined) return status;
  const rates = ratesOf(spec.counts, model, nowMs);
  return {
    ...status,
    ...(isUsd(spec) && { unit: 'micro-usd' }),
    ...(rates && { tokenRates: holdRatesOf(rates, 0) }),
    ...(spec.calendar && { calendar: spec.calendar }),
    ...(spec.each !== undefined && { each: { part: spec.each, value: counter } }),
  };
}

/** Thresholds that settled tokens have reached and that are above the highest one that fired before, ascending. */
export function reachedThresholds(spec: BudgetSpec, settledTokens: number, firedPercent: number): number[] {
  return spec.thresholdsPercent.filter(
    (percent) => percent > firedPercent && settledTokens * 100 >= percent * spec.limitTokens,
  );
}
