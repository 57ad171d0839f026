import * as z from 'zod';
import { bareAmount } from '../messages/format-amount.ts';
import type { BudgetStatus } from '../state/Ledger.ts';

/** A budget as MCP clients see it: of tokens, or of money. */
export const budgetSchema = z.object({
  name: z.string(),
  unit: z
    .enum(['tokens', 'usd'])
    .describe('tokens: the amounts are ...Tokens; usd: they are ...Usd, in dollars'),
  limitTokens: z.number().int().optional().describe('Claude tokens allowed per window'),
  usedTokens: z.number().int().optional().describe('spent, or held by running tasks'),
  heldTokens: z
    .number()
    .int()
    .optional()
    .describe('the part of usedTokens that running tasks hold; it may be freed'),
  remainingTokens: z.number().int().optional(),
  overdraftTokens: z.number().int().optional().describe('spent above the limit because Claude was forced'),
  limitUsd: z.number().optional(),
  usedUsd: z.number().optional(),
  heldUsd: z.number().optional(),
  remainingUsd: z.number().optional(),
  overdraftUsd: z.number().optional(),
  exhausted: z.boolean(),
  resetAt: z.string().describe('when the window ends, ISO 8601'),
});

export type BudgetView = z.infer<typeof budgetSchema>;

/** The status of a budget in the terms of `budgetSchema`. */
export function budgetView(budget: BudgetStatus): BudgetView {
  const { name, unit, limitTokens, settledTokens, heldTokens, remainingTokens, overdraftTokens } = budget;
  const usedTokens = settledTokens + heldTokens;
  const state = { exhausted: budget.exhausted, resetAt: new Date(budget.resetAtMs).toISOString() };
  if (unit !== 'micro-usd') {
    const amounts = { limitTokens, usedTokens, heldTokens, remainingTokens, overdraftTokens };
    return { name, unit: 'tokens', ...amounts, ...state };
  }
  const usd = (microUsd: number) => microUsd / 1_000_000;
  return {
    name,
    unit: 'usd',
    limitUsd: usd(limitTokens),
    usedUsd: usd(usedTokens),
    heldUsd: usd(heldTokens),
    remainingUsd: usd(remainingTokens),
    overdraftUsd: usd(overdraftTokens),
    ...state,
  };
}

/** One line about a budget. */
export function budgetText(budget: BudgetView): string {
  const { name, unit, exhausted, resetAt } = budget;
  const [limit, used, held, left, over] =
    unit === 'usd'
      ? [budget.limitUsd, budget.usedUsd, budget.heldUsd, budget.remainingUsd, budget.overdraftUsd]
      : [
          budget.limitTokens,
          budget.usedTokens,
          budget.heldTokens,
          budget.remainingTokens,
          budget.overdraftTokens,
        ];
  const text = (amount = 0) =>
    unit === 'usd' ? bareAmount({ unit: 'micro-usd' }, amount * 1e6) : String(amount);
  const isHeld =
    (held ?? 0) > 0 ? `, ${text(held)} of ${unit === 'usd' ? 'it' : 'them'} held by running tasks` : '';
  const overdraft = (over ?? 0) > 0 ? `, ${text(over)} above the limit because Claude was forced` : '';
  const state = exhausted
    ? 'exhausted'
    : `${text(left)} of ${text(limit)}${unit === 'usd' ? '' : ' tokens'} left`;
  return `Budget ${name}: ${state} (${text(used)} of ${text(limit)} used${isHeld}${overdraft}); resets at ${resetAt}.`;
}
