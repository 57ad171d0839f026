import { type HoldRates, holdRatesOf, type Rates, ratesOf } from '../amounts.ts';
import { periodEndMs } from '../calendar-period.ts';
import { isUsd } from '../current-window.ts';
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

/** The same for the budgets that limit what has this scope. */
export function countsFor(
  budgets: readonly BudgetSpec[],
  scope: Scope | null,
  asked: Asked,
  nowMs: number,
): Counts {
  return countsOfAll(
    budgets.filter((spec) => matchesScope(spec, scope ?? {})),
    asked,
    nowMs,
  );
}

interface Asked {
  readonly model: string | undefined;
  readonly inputTokens?: number | undefined;
}

interface Counts {
  readonly rates?: Readonly<Record<string, Rates>>;
  readonly hold?: Readonly<Record<string, readonly number[]>>;
}

/** What a token counts in each budget that does not count each one, by name, as an operation carries it; nothing where there is none. */
export function countsOfAll(
  budgets: readonly BudgetSpec[],
  { model, inputTokens }: Asked,
  nowMs: number,
): Counts {
  const found = budgets.flatMap((spec) => {
    const rates = ratesOf(spec.counts, model, nowMs);
    return rates ? [{ name: spec.name, rates, hold: listed(holdRatesOf(rates, inputTokens)) }] : [];
  });
  if (found.length === 0) return {};
  return {
    rates: Object.fromEntries(found.map(({ name, rates }) => [name, rates])),
    hold: Object.fromEntries(found.map(({ name, hold }) => [name, hold])),
  };
}

function listed({ input, output }: HoldRates): readonly number[] {
  return [input, output];
}

function ruleOf(spec: BudgetSpec, nowMs: number): Record<string, unknown> {
  const { limitTokens: limit, thresholdsPercent: percents, windowMs, calendar } = spec;
  const unit = isUsd(spec) ? { usd: true } : {};
  if (!calendar) return { limit, percents, windowMs, ...unit };
  const untilMs = periodEndMs(calendar, nowMs);
  return { limit, percents, ...unit, from: periodStartMs(calendar, nowMs), until: untilMs };
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
