import type { LoadedConfig } from '../../config/load-config.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';

/** The binding budget in the words of a routing decision (`used`, `remaining`, `exhausted`), then all of them. */
export function statusDocument(budgets: readonly BudgetStatus[], { config, sources }: LoadedConfig) {
  const [first] = [...budgets].sort((a, b) => a.remainingTokens - b.remainingTokens);
  return {
    used: first ? first.settledTokens + first.heldTokens : 0,
    remaining: first?.remainingTokens ?? null,
    exhausted: first?.exhausted ?? false,
    limitSource: sources.get('budget.limit'),
    windowSource: sources.get('budget.window'),
    thresholdsPercent: config.budget.thresholdsPercent,
    budgets: budgets.map((budget) => ({
      ...budget,
      usedPercent: percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens),
      resetAt: new Date(budget.resetAtMs).toISOString(),
    })),
  };
}
