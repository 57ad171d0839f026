import type { BudgetStatus } from '../state/Ledger.ts';
import { leastLeft } from '../state/tokens-left.ts';
import type { TokenBudgetStatus } from './routing-decision.ts';

/** The budget that has room for the fewest tokens, in the shape that decisions and users see. */
export function bindingStatus(budgets: readonly BudgetStatus[]): TokenBudgetStatus {
  const binding = leastLeft(budgets);
  return {
    used: binding ? binding.settledTokens + binding.heldTokens : 0,
    remaining: binding?.remainingTokens ?? Number.MAX_SAFE_INTEGER,
    exhausted: binding?.exhausted ?? false,
    ...(binding?.unit && { unit: binding.unit }),
  };
}
