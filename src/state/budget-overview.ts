import { readFileSync } from 'node:fs';
import { isRecord } from '../messages/open-record.ts';
import type { BudgetSpec, BudgetStatus, Scope, ScopeMatch, ScopePart } from './Ledger.ts';
import { readMirror } from './mirror-content.ts';
import { matchesScope } from './scope.ts';

/** One budget, or one counter of it, in `budgets.json`. Amounts are in its unit. */
export interface OverviewBudget {
  readonly name: string;
  /** Absent: tokens. */
  readonly unit?: 'micro-usd';
  readonly limit: number;
  readonly settled: number;
  readonly held: number;
  /** Epoch ms; null where no window has begun. */
  readonly resetAtMs: number | null;
  readonly thresholdsPercent: readonly number[];
  /** Of a budget with `each`: which value this counts; null where none is in use. */
  readonly each?: { readonly part: ScopePart; readonly value: string | null };
  readonly match?: ScopeMatch;
}

/** A team's budget for each user may have thousands of counters; the fullest are kept. */
const mostBudgets = 200;

/** What `budgets.json` says of these budgets, the fullest first where there are too many. */
export function overviewOf(
  budgets: readonly BudgetStatus[],
  specs: readonly BudgetSpec[],
): readonly OverviewBudget[] {
  const all = budgets.map((budget): OverviewBudget => {
    const spec = specs.find(({ name }) => name === budget.name);
    return {
      name: budget.name,
      ...(budget.unit && { unit: budget.unit }),
      limit: budget.limitTokens,
      settled: budget.settledTokens,
      held: budget.heldTokens,
      resetAtMs: budget.windowStartMs === null ? null : budget.resetAtMs,
      thresholdsPercent: spec?.thresholdsPercent ?? [],
      ...(budget.each && { each: budget.each }),
      ...(spec?.match && { match: spec.match }),
    };
  });
  if (all.length <= mostBudgets) return all;
  return all.sort((a, b) => usedShare(b) - usedShare(a)).slice(0, mostBudgets);
}

/**
 * The budgets as this or another process last wrote them, for one who only looks: no ledger is opened. Windows that are over count
 * nothing. Where only the older `token_budget.json` is there, the default budget alone; null where there is neither.
 */
export function readOverview(
  files: { readonly overviewFile: string; readonly budgetFile: string },
  nowMs: number,
): readonly OverviewBudget[] | null {
  const budgets = parseOverview(contentOf(files.overviewFile)) ?? defaultBudget(files.budgetFile);
  return (
    budgets?.map((budget) =>
      budget.resetAtMs !== null && nowMs >= budget.resetAtMs
        ? { ...budget, settled: 0, held: 0, resetAtMs: null }
        : budget,
    ) ?? null
  );
}

/**
 * The same amounts under a configuration that has changed since they were written: its limits and thresholds, without budgets that it no
 * longer has or that count in another unit now, and with its new ones, of which nothing is used.
 */
export function withSpecs(
  budgets: readonly OverviewBudget[],
  specs: readonly BudgetSpec[],
): readonly OverviewBudget[] {
  return specs.flatMap((spec) => {
    const { name, limitTokens: limit, thresholdsPercent, match, each: part, counts } = spec;
    const unit = counts?.unit === 'micro-usd' ? { unit: counts.unit } : {};
    const known = budgets.filter((budget) => budget.name === name && budget.unit === unit.unit);
    const counter = part && { part, value: null };
    const unused = { settled: 0, held: 0, resetAtMs: null, ...(counter && { each: counter }) };
    return (known.length > 0 ? known : [unused]).map(({ settled, held, resetAtMs, each }) => ({
      ...{ name, ...unit, limit, settled, held, resetAtMs, thresholdsPercent },
      ...(each && { each }),
      ...(match && { match }),
    }));
  });
}

/**
 * Those that may limit work of this scope. A part that is not known may be any: a look at the budgets must not leave one out. What comes
 * through a gateway is counted under no project.
 */
export function overviewFor(budgets: readonly OverviewBudget[], scope: Scope): readonly OverviewBudget[] {
  return budgets.filter(({ match = {}, each }) => {
    const known = Object.fromEntries(
      Object.entries(match).filter(([part]) => scope[part as ScopePart] !== undefined),
    );
    if (!matchesScope({ match: known }, scope)) return false;
    if (!each || each.value === null || each.value === '') return true;
    const value = scope[each.part];
    return value === undefined || value === each.value;
  });
}

/** What is used and held of the limit, 1 for all of it. */
export function usedShare({ settled, held, limit }: OverviewBudget): number {
  return limit === 0 ? 1 : (settled + held) / limit;
}

/** The content of `budgets.json`; null for anything else. By hand and not with zod, which would take longer than all the rest of a status line. */
export function parseOverview(text: string | null): readonly OverviewBudget[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch {
    return null;
  }
  const budgets: unknown = isRecord(parsed) && parsed['version'] === 1 ? parsed['budgets'] : null;
  return Array.isArray(budgets) && budgets.every(isBudget) ? budgets : null;
}

function defaultBudget(file: string): readonly OverviewBudget[] | null {
  const mirror = readMirror(file);
  if (!mirror) return null;
  const { used, dailyLimit, resetTime, unit } = mirror;
  const amounts = { limit: dailyLimit, settled: used, held: 0, resetAtMs: resetTime };
  return [{ name: 'default', ...(unit && { unit }), ...amounts, thresholdsPercent: [75, 90, 100] }];
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Whoever writes the file reports what is wrong with it.
    return null;
  }
}

function isBudget(value: unknown): value is OverviewBudget {
  if (!isRecord(value)) return false;
  const { name, unit, limit, settled, held, resetAtMs, thresholdsPercent, each, match } = value;
  return (
    typeof name === 'string' &&
    (unit === undefined || unit === 'micro-usd') &&
    [limit, settled, held].every(isCount) &&
    (resetAtMs === null || isCount(resetAtMs)) &&
    isListOf(thresholdsPercent, isCount) &&
    (each === undefined ||
      (isRecord(each) &&
        typeof each['part'] === 'string' &&
        (each['value'] === null || typeof each['value'] === 'string'))) &&
    (match === undefined ||
      (isRecord(match) && Object.values(match).every((accepted) => isListOf(accepted, isText))))
  );
}

function isListOf(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
