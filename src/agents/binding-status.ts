import type { BudgetStatus } from '../state/Ledger.ts';
import type { TokenBudgetStatus } from './routing-decision.ts';

/** The budget that has the least left, in the shape that decisions and users see. */
export function bindingStatus(budgets: readonly BudgetStatus[]): TokenBudgetStatus {
  const binding = budgets.reduce<BudgetStatus | undefined>(
    (least, budget) => (!least || budget.remainingTokens < least.remainingTokens ? budget : least),
    undefined,
  );
  return {
    used: binding ? binding.settledTokens + binding.heldTokens : 0,
    remaining: binding?.remainingTokens ?? Number.MAX_SAFE_INTEGER,
    exhausted: binding?.exhausted ?? false,
  };
}
