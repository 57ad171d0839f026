import type { LoadedConfig } from '../../config/load-config.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { leastLeft } from '../../state/tokens-left.ts';
import { budgetDocument, inItsUnit } from './budget-document.ts';

/**
 * The binding budget in the words of a routing decision (`used`, `remaining`, `exhausted`), then all of them. `binding`: the one that
 * has the least left for a task here and now; default: of all. Money is in USD, `unit` says so.
 */
export function statusDocument(
  budgets: readonly BudgetStatus[],
  { config, sources }: LoadedConfig,
  binding: BudgetStatus | null = leastLeft(budgets),
) {
  const first = binding;
  return {
    used: first ? inItsUnit(first, first.settledTokens + first.heldTokens) : 0,
    remaining: first ? inItsUnit(first, first.remainingTokens) : null,
    unit: first?.unit === 'micro-usd' ? 'usd' : 'tokens',
    exhausted: first?.exhausted ?? false,
    limitSource: sources.get('budget.limit'),
    windowSource: sources.get('budget.window'),
    thresholdsPercent: config.budget.thresholdsPercent,
    bindingBudget: first?.name ?? null,
    budgets: budgets.map((budget) => ({
      ...budgetDocument(budget),
      isBinding: isSameBudget(budget, first),
      usedPercent: percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens),
      resetAt: new Date(budget.resetAtMs).toISOString(),
    })),
  };
}

/** Whether two are the same budget and, where it has several, the same counter. */
function isSameBudget(a: BudgetStatus, b: BudgetStatus | null): boolean {
  return a.name === b?.name && (a.each?.value ?? null) === (b.each?.value ?? null);
}
