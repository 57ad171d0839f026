import { burnDown } from '../../state/burn-down.ts';
import { forecastBudgets } from '../../state/forecast.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { BurnDownDocument } from './api-types.ts';
import { budgetId, forecastView } from './budget-views.ts';

/** The window of one budget, the first where none is named; null where there is none of that name. */
export async function readBurnDown(
  id: string | undefined,
  { ledger, budgets: source, nowMs }: DashboardPorts,
): Promise<BurnDownDocument | null> {
  const budgets = await ledger.status();
  const budget = id === undefined ? budgets[0] : budgets.find((one) => budgetId(one) === id);
  const specs = source();
  const spec = specs.find(({ name }) => name === budget?.name);
  if (!budget || !spec) return null;
  const now = nowMs();
  const { points, resolution } = await burnDown(ledger, spec, budget, now);
  const [found] = await forecastBudgets(ledger, specs, [budget], now);
  return {
    budgetId: budgetId(budget),
    ...(budget.unit && { unit: budget.unit }),
    limit: budget.limitTokens,
    startMs: budget.windowStartMs ?? now,
    endMs: budget.resetAtMs,
    nowMs: now,
    points,
    resolution,
    thresholdsPercent: spec.thresholdsPercent,
    forecast: forecastView(found),
  };
}
