import type { TokenUsage } from '../messages/token-usage.ts';
import { ratesOf, usageAmount } from './amounts.ts';
import { type BudgetSpec, type BudgetStatus, CHARGED_AGENT, type Ledger, type Scope } from './Ledger.ts';
import { matchesScope } from './scope.ts';
import type { UsageKey, UsageRow } from './usage/UsageQuery.ts';

/** When a budget ends if it is used on as it was. Amounts are in the budget's unit. */
export interface Forecast {
  readonly verdict:
    | 'exhausted'
    /** It ends before its window does. */
    | 'ends'
    /** It ends before its window does, or does not: the pace says yes, its spread allows for no. */
    | 'may-end'
    | 'lasts'
    | 'too-little-known';
  /** What an hour uses, weighted towards now; null where too little is known. */
  readonly perHour: number | null;
  /** When it ends at that pace; null where the window ends first, or too little is known. */
  readonly endsAtMs: number | null;
  /** The same at the fast and the slow end of the pace's spread (80 %); null where the window ends first. */
  readonly earliestMs: number | null;
  readonly latestMs: number | null;
  readonly resetAtMs: number;
  /** Hours that the pace is made of, and how many of them used anything. */
  readonly hours: number;
  readonly busyHours: number;
}

const hourMs = 3_600_000;
/** What is older than so many half-lives weighs less than half a percent. */
const halfLives = 8;
/** Fewer hours with use than this are an accident and no pace. */
const leastBusyHours = 2;
/** Normal deviate of an interval that holds 80 %. */
const deviate = 1.2816;

/** Use of one hour of the past, in the budget's unit; `ageHours` from its middle to now, `share` of it that has passed. */
export interface HourOfUse {
  readonly amount: number;
  readonly ageHours: number;
  readonly share: number;
}

/** How far back a budget's pace is looked at: recent hours count most, as fits the length of its window. */
function paceOf({ windowMs }: Pick<BudgetStatus, 'windowMs'>): {
  readonly halfLifeHours: number;
  readonly lookbackHours: number;
} {
  const halfLifeHours = Math.min(24, Math.max(2, windowMs / hourMs / 8));
  return { halfLifeHours, lookbackHours: Math.ceil(halfLifeHours * halfLives) };
}

/**
 * Forecasts a budget from the hours behind it: their mean, weighted by age, and as its spread the weighted standard error of that mean.
 * Idle hours count. It is a pace and no knowledge of what you are about to do.
 */
export function forecast(budget: BudgetStatus, hours: readonly HourOfUse[], nowMs: number): Forecast {
  const { resetAtMs } = budget;
  const busyHours = hours.filter(({ amount }) => amount > 0).length;
  const known = { resetAtMs, hours: hours.length, busyHours };
  const nothing = { perHour: null, endsAtMs: null, earliestMs: null, latestMs: null };
  if (budget.exhausted) return { verdict: 'exhausted', ...nothing, ...known };
  if (busyHours < leastBusyHours) return { verdict: 'too-little-known', ...nothing, ...known };

  const { mean, error } = weightedMean(hours, paceOf(budget).halfLifeHours);
  const endAt = (perHour: number): number | null => {
    if (perHour <= 0) return null;
    const atMs = nowMs + (budget.remainingTokens / perHour) * hourMs;
    return atMs < resetAtMs ? Math.round(atMs) : null;
  };
  const endsAtMs = endAt(mean);
  const earliestMs = endAt(mean + deviate * error);
  const latestMs = endAt(mean - deviate * error);
  const verdict = latestMs !== null ? 'ends' : earliestMs === null ? 'lasts' : 'may-end';
  return { verdict, perHour: Math.round(mean), endsAtMs, earliestMs, latestMs, ...known };
}

/** What each budget's last hours used, and what that says of it. `specs` are the configured budgets. */
export async function forecastBudgets(
  ledger: Ledger,
  specs: readonly BudgetSpec[],
  budgets: readonly BudgetStatus[],
  nowMs: number,
): Promise<readonly Forecast[]> {
  const lookbackHours = Math.max(1, ...budgets.map((budget) => paceOf(budget).lookbackHours));
  const by = ['hour', 'kind', 'model', 'project', 'user', 'door'] as const;
  const where = { agent: CHARGED_AGENT };
  const rows = await ledger.usage({ by, where, sinceMs: nowMs - lookbackHours * hourMs });
  return budgets.map((budget) => {
    const spec = specs.find(({ name }) => name === budget.name);
    return forecast(budget, spec ? hoursOf(spec, budget, rows, nowMs) : [], nowMs);
  });
}

/** The hours of a budget's lookback since its first use, oldest first. */
function hoursOf(
  spec: BudgetSpec,
  budget: BudgetStatus,
  rows: readonly UsageRow[],
  nowMs: number,
): HourOfUse[] {
  const own = rows.filter((row) => countsIn(spec, budget, row));
  const thisHourMs = Math.floor(nowMs / hourMs) * hourMs;
  const earliestMs = thisHourMs - (paceOf(budget).lookbackHours - 1) * hourMs;
  const firstMs = Math.max(earliestMs, Math.min(...own.map(({ startMs }) => startMs ?? nowMs), thisHourMs));
  const hours: HourOfUse[] = [];
  for (let startMs = firstMs; startMs <= thisHourMs; startMs += hourMs) {
    const share = Math.min(1, (nowMs - startMs) / hourMs);
    // A few minutes say nothing of an hour.
    if (share < 0.1 && hours.length > 0) continue;
    const amount = own.reduce((sum, row) => (row.startMs === startMs ? sum + amountOf(spec, row) : sum), 0);
    hours.push({ amount, share, ageHours: (nowMs - startMs) / hourMs - share / 2 });
  }
  return hours;
}

/** Whether a group of usage was charged to a budget, and to this counter of it. */
export function countsIn(
  spec: BudgetSpec,
  { each }: Pick<BudgetStatus, 'each'>,
  row: Pick<UsageRow, UsageKey>,
): boolean {
  const scope = scopeOf(row);
  if (!matchesScope(spec, scope)) return false;
  return !each || each.value === null || (scope[each.part] ?? '') === each.value;
}

/** Tasks are grouped by their complexity; what else a kind may be is no complexity. */
function scopeOf({ kind, model, project, user, door }: Pick<UsageRow, UsageKey>): Scope {
  const known = {
    model,
    project,
    user,
    door,
    ...(kind === 'simple' || kind === 'complex' ? { complexity: kind } : {}),
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ''));
}

/** What is charged for tokens of one model. */
interface CountedUsage extends TokenUsage {
  readonly model?: string;
  readonly startMs?: number;
  readonly chargedTokens: number;
}

/** Sums of an hour are priced like one call with a short prompt; what is charged at its hold counts token by token. */
export function amountOf({ counts }: BudgetSpec, row: CountedUsage): number {
  const rates = ratesOf(counts, row.model, row.startMs ?? 0);
  return rates ? usageAmount({ rates: rates.rates }, row) : row.chargedTokens;
}

function weightedMean(
  hours: readonly HourOfUse[],
  halfLifeHours: number,
): { readonly mean: number; readonly error: number } {
  let weights = 0;
  let squares = 0;
  let sum = 0;
  for (const { amount, ageHours, share } of hours) {
    // Of an hour that has begun, the amount is that of its share.
    const weight = 0.5 ** (ageHours / halfLifeHours);
    weights += weight * share;
    squares += (weight * share) ** 2;
    sum += weight * amount;
  }
  const mean = sum / weights;
  let spread = 0;
  for (const { amount, ageHours, share } of hours) {
    spread += 0.5 ** (ageHours / halfLifeHours) * share * (amount / share - mean) ** 2;
  }
  const effective = weights ** 2 / squares;
  const variance = effective > 1 ? (spread / weights) * (effective / (effective - 1)) : mean ** 2;
  return { mean, error: Math.sqrt(variance / effective) };
}
