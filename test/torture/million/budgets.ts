import type { BudgetSpec } from '../../../src/state/Ledger.ts';

/**
 * What a run is limited by: a short window that is used up again and again, so that processes are refused and windows end under load, and
 * one that every turn of the run counts in.
 */
export function runBudgets(burstTokens: number, burstMs: number, turns: number): readonly BudgetSpec[] {
  const thresholdsPercent = [75, 90, 100];
  return [
    { name: 'burst', limitTokens: burstTokens, windowMs: burstMs, thresholdsPercent },
    { name: 'run', limitTokens: turns * 2_000, windowMs: 86_400_000, thresholdsPercent },
  ];
}
