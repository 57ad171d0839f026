import { periodEndMs } from '../calendar-period.ts';
import type { BudgetSpec, CalendarPeriod, Scope } from '../Ledger.ts';
import { counterOf, matchesScope } from '../scope.ts';

/** A counter of a budget, as it is sent: name and value of `each`. */
export type Counter = readonly [budget: string, counter: string];

/** What the server needs of the configured budgets, by name. */
export function budgetRules(budgets: readonly BudgetSpec[], nowMs: number): Record<string, unknown> {
  return Object.fromEntries(budgets.map((spec) => [spec.name, ruleOf(spec, nowMs)]));
}

/** The counters that limit what has this scope. */
export function countersFor(budgets: readonly BudgetSpec[], scope: Scope | null): Counter[] {
  return budgets
    .filter((spec) => matchesScope(spec, scope ?? {}))
    .map((spec) => [spec.name, counterOf(spec, scope ?? {})] as const);
}

function ruleOf(spec: BudgetSpec, nowMs: number): Record<string, unknown> {
  const { limitTokens: limit, thresholdsPercent: percents, windowMs, calendar } = spec;
  if (!calendar) return { limit, percents, windowMs };
  const untilMs = periodEndMs(calendar, nowMs);
  return { limit, percents, from: periodStartMs(calendar, nowMs), until: untilMs };
}

/** Time zones are worked out here and not in the server, so that every ledger ends a day at the same moment. */
function periodStartMs(calendar: CalendarPeriod, nowMs: number): number {
  // Longer than any period; a copy, because the answers for one object are remembered for its latest time only.
  const walked = { ...calendar };
  let startMs = nowMs - 40 * 86_400_000;
  for (;;) {
    const endMs = periodEndMs(walked, startMs);
    if (endMs > nowMs) return startMs;
    startMs = endMs;
  }
}
