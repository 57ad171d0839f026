import { formatTokens } from '../messages/format-tokens.ts';
import { formatUsd } from '../messages/format-usd.ts';
import { tokensThatFit } from './amounts.ts';
import type { BudgetStatus, Refusal } from './Ledger.ts';

/** Tokens that a budget has room for, `inputTokens` of them input; not told: whatever kind they are. */
export function tokensLeft({ tokenRates, remainingTokens }: BudgetStatus, inputTokens?: number): number {
  if (!tokenRates) return remainingTokens;
  const { input, output } = tokenRates;
  if (inputTokens !== undefined) return tokensThatFit(tokenRates, remainingTokens, inputTokens);
  return tokensThatFit({ input, output: Math.max(input, output) }, remainingTokens);
}

/** The budget that has room for the fewest tokens, which binds now; the first where several have. Null for none. */
export function leastLeft(budgets: readonly BudgetStatus[]): BudgetStatus | null {
  return budgets.reduce<BudgetStatus | null>(
    (least, budget) => (!least || tokensLeft(budget) < tokensLeft(least) ? budget : least),
    null,
  );
}

/** What a refusal says is left: tokens that could be granted, or the money that is left in the budget that binds. */
export function leftText(
  { budgets, bindingBudget, remainingTokens }: Refusal,
  tokensText: (tokens: number) => string = formatTokens,
): string {
  const binding = budgets.find(({ name }) => name === bindingBudget);
  if (binding?.unit !== 'micro-usd') return `${tokensText(remainingTokens)} left`;
  return `${formatUsd(binding.remainingTokens)} left in budget ${binding.name}, enough for ${tokensText(remainingTokens)} tokens`;
}
