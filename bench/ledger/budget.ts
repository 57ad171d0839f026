import type { BudgetSpec } from '../../src/state/Ledger.ts';

/** The one hot budget; no run reaches its limit. */
export const budget: BudgetSpec = {
  name: 'daily',
  limitTokens: 1_000_000_000_000,
  windowMs: 24 * 60 * 60 * 1000,
  thresholdsPercent: [75, 90, 100],
};

/** What a turn holds, and what it uses. */
export const heldTokens = 1_000;
export const usage = {
  inputTokens: 300,
  cacheCreationInputTokens: 0,
  cacheReadInputTokens: 0,
  outputTokens: 120,
};
export const usedTokens = 420;
