import type { BudgetStatus } from '../../state/Ledger.ts';

/** A budget for `--json`: its amounts are `...Tokens`, or for one of money `...Usd`, in dollars. */
export function budgetDocument(budget: BudgetStatus): Readonly<Record<string, unknown>> {
  const {
    unit,
    tokenRates: _rates,
    limitTokens,
    settledTokens,
    heldTokens,
    remainingTokens,
    overdraftTokens,
    ...rest
  } = budget;
  if (unit !== 'micro-usd') {
    const amounts = { limitTokens, settledTokens, heldTokens, remainingTokens, overdraftTokens };
    return { ...rest, unit: 'tokens', ...amounts };
  }
  return {
    ...rest,
    unit: 'usd',
    limitUsd: inItsUnit(budget, limitTokens),
    settledUsd: inItsUnit(budget, settledTokens),
    heldUsd: inItsUnit(budget, heldTokens),
    remainingUsd: inItsUnit(budget, remainingTokens),
    overdraftUsd: inItsUnit(budget, overdraftTokens),
  };
}

/** An amount as tokens or dollars. */
export function inItsUnit({ unit }: Pick<BudgetStatus, 'unit'>, amount: number): number {
  return unit === 'micro-usd' ? amount / 1_000_000 : amount;
}
