import * as z from 'zod';
import type { BudgetStatus } from '../state/Ledger.ts';

/** A budget as MCP clients see it. */
export const budgetSchema = z.object({
  name: z.string(),
  limitTokens: z.number().int().describe('Claude tokens allowed per window'),
  usedTokens: z.number().int().describe('spent, or held by running tasks'),
  heldTokens: z.number().int().describe('the part of usedTokens that running tasks hold; it may be freed'),
  remainingTokens: z.number().int(),
  overdraftTokens: z.number().int().describe('spent above the limit because Claude was forced'),
  exhausted: z.boolean(),
  resetAt: z.string().describe('when the window ends, ISO 8601'),
});

export type BudgetView = z.infer<typeof budgetSchema>;

/** The status of a budget in the terms of `budgetSchema`. */
export function budgetView(budget: BudgetStatus): BudgetView {
  return {
    name: budget.name,
    limitTokens: budget.limitTokens,
    usedTokens: budget.settledTokens + budget.heldTokens,
    heldTokens: budget.heldTokens,
    remainingTokens: budget.remainingTokens,
    overdraftTokens: budget.overdraftTokens,
    exhausted: budget.exhausted,
    resetAt: new Date(budget.resetAtMs).toISOString(),
  };
}

/** One line about a budget. */
export function budgetText(budget: BudgetView): string {
  const { name, remainingTokens, limitTokens, usedTokens, heldTokens, overdraftTokens, resetAt } = budget;
  const held = heldTokens > 0 ? `, ${heldTokens} of them held by running tasks` : '';
  const overdraft =
    overdraftTokens > 0 ? `, ${overdraftTokens} above the limit because Claude was forced` : '';
  const state = budget.exhausted ? 'exhausted' : `${remainingTokens} of ${limitTokens} tokens left`;
  return `Budget ${name}: ${state} (${usedTokens} of ${limitTokens} used${held}${overdraft}); resets at ${resetAt}.`;
}
