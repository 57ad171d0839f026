import { currentWindow, isCurrentWindow, type StoredWindow } from './current-window.ts';
import type { BudgetSpec, BudgetStatus } from './Ledger.ts';

/** Sums of one window, in tokens. */
export interface WindowSums extends StoredWindow {
  readonly settledTokens: number;
  readonly heldTokens: number;
  /** Part of settled + held that belongs to forced reservations. */
  readonly forcedTokens: number;
}

/** The status of a budget from its latest stored window (null: never used) and the time. */
export function budgetStatus(spec: BudgetSpec, window: WindowSums | null, nowMs: number): BudgetStatus {
  const sums = isCurrentWindow(spec, window, nowMs) ? (window as WindowSums) : null;
  const settledTokens = sums?.settledTokens ?? 0;
  const heldTokens = sums?.heldTokens ?? 0;
  const usedTokens = settledTokens + heldTokens;
  return {
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
}

/** Thresholds that settled tokens have reached and that are above the highest one that fired before, ascending. */
export function reachedThresholds(spec: BudgetSpec, settledTokens: number, firedPercent: number): number[] {
  return spec.thresholdsPercent.filter(
    (percent) => percent > firedPercent && settledTokens * 100 >= percent * spec.limitTokens,
  );
}
