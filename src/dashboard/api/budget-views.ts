import type { ConfiguredBudget } from '../../config/Config.ts';
import { defaultBudgetName } from '../../config/parse-budgets.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { amountText } from '../../messages/format-amount.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import { type Forecast, forecastBudgets } from '../../state/forecast.ts';
import type { BudgetStatus, CalendarPeriod } from '../../state/Ledger.ts';
import { budgetTitle } from '../../state/scope.ts';
import { leastLeft } from '../../state/tokens-left.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { AlertView, BudgetView, ForecastView } from './api-types.ts';

/** Every budget with its forecast, in the order of the configuration. */
export async function budgetViews(ports: DashboardPorts): Promise<readonly BudgetView[]> {
  const { ledger, nowMs } = ports;
  const specs = ports.budgets();
  const budgets = await ledger.status();
  const forecasts = await forecastBudgets(ledger, specs, budgets, nowMs());
  const binding = leastLeft(budgets);
  return budgets.map((budget, index) => ({
    ...viewOf(
      budget,
      specs.find(({ name }) => name === budget.name),
    ),
    isBinding: budgets.length > 1 && budget === binding,
    forecast: forecastView(forecasts[index]),
  }));
}

/** What identifies a budget, or one of its counters. */
export function budgetId({ name, each }: Pick<BudgetStatus, 'name' | 'each'>): string {
  return each?.value ? `${name}:${each.value}` : name;
}

/** Of each budget the highest threshold that is reached, and what was spent above the limit. */
export function alertViews(budgets: readonly BudgetView[]): AlertView[] {
  return budgets.flatMap((budget) => {
    const { id: budgetId, title, limit, settled, thresholdsPercent, overdraft } = budget;
    const percent = percentOf(settled, limit);
    const of = { budgetId, title, percent };
    const alerts: AlertView[] = [];
    if (overdraft > 0) {
      const text = `${title}: ${amountText(budget, overdraft)} were spent above the limit by force.`;
      alerts.push({ ...of, kind: 'overdraft', level: 'critical', text });
    }
    const reached = thresholdsPercent.filter((threshold) => percent >= threshold).at(-1);
    if (reached === undefined) return alerts;
    if (reached >= 100) {
      const text = `${title}: the budget is used up, so tasks go to Ollama until it resets.`;
      alerts.push({ ...of, kind: 'threshold', level: 'critical', text });
    } else {
      const text = `${title}: ${percent}% of the budget is used (threshold ${reached}%).`;
      alerts.push({ ...of, kind: 'threshold', level: 'warning', text });
    }
    return alerts;
  });
}

export function forecastView(found: Forecast | undefined): ForecastView {
  if (!found)
    return { verdict: 'too-little-known', perHour: null, endsAtMs: null, earliestMs: null, latestMs: null };
  const { verdict, perHour, endsAtMs, earliestMs, latestMs } = found;
  return { verdict, perHour, endsAtMs, earliestMs, latestMs };
}

function viewOf(
  budget: BudgetStatus,
  spec: ConfiguredBudget | undefined,
): Omit<BudgetView, 'isBinding' | 'forecast'> {
  const { name, each, unit, calendar, windowMs } = budget;
  return {
    id: budgetId(budget),
    name,
    counter: each?.value ?? null,
    title: budgetTitle(budget),
    ...(unit && { unit }),
    limit: budget.limitTokens,
    settled: budget.settledTokens,
    held: budget.heldTokens,
    remaining: budget.remainingTokens,
    overdraft: budget.overdraftTokens,
    exhausted: budget.exhausted,
    windowStartMs: budget.windowStartMs,
    resetAtMs: budget.resetAtMs,
    windowText: calendar ? calendarText(calendar) : formatDuration(windowMs),
    limitsOnly: spec?.match ? matchText(spec.match) : null,
    thresholdsPercent: spec?.thresholdsPercent ?? [],
    mayChangeLimit: name === defaultBudgetName,
  };
}

function calendarText({ period, hour, timeZone }: CalendarPeriod): string {
  const from = `${String(hour).padStart(2, '0')}:00`;
  const begins = { day: from, week: `Monday ${from}`, month: `the 1st, ${from}` }[period];
  return `${period}, from ${begins} (${timeZone})`;
}

function matchText(match: NonNullable<ConfiguredBudget['match']>): string {
  return Object.entries(match)
    .map(([part, accepted]) => `${part} ${accepted.join(' or ')}`)
    .join(', ');
}
