import type { BudgetStatus } from '../state/Ledger.ts';
import { own } from './attribute-names.ts';
import type { GaugeReading } from './Instrument.ts';
import { type BudgetAmount, budgetGauges } from './instruments.ts';

/** Every budget as gauges; one with `each` has a reading for each value in use. */
export function readBudgets(budgets: readonly BudgetStatus[]): readonly GaugeReading[] {
  return budgets.flatMap((budget) => {
    const { name, unit, each } = budget;
    const attributes = {
      [own.budget]: name,
      ...(each && each.value !== null && { [own.counter]: each.value }),
    };
    const isMoney = unit === 'micro-usd';
    const gauges = isMoney ? budgetGauges.usd : budgetGauges.tokens;
    const reading = (amount: BudgetAmount, value: number): GaugeReading => ({
      instrument: gauges[amount],
      value: isMoney ? value / 1e6 : value,
      attributes,
    });
    return [
      reading('limit', budget.limitTokens),
      reading('used', budget.settledTokens),
      reading('held', budget.heldTokens),
      reading('remaining', budget.remainingTokens),
      reading('overdraft', budget.overdraftTokens),
      { instrument: budgetGauges.reset, value: budget.resetAtMs / 1_000, attributes },
    ];
  });
}
