import { matchesPattern } from '../config/match-pattern.ts';
import type { BudgetSpec, BudgetStatus, Scope, ScopePart } from './Ledger.ts';

/** The parts of a scope, in the order in which they are shown. */
const scopeParts: readonly ScopePart[] = ['complexity', 'model', 'project', 'user', 'door'];

/** Whether a budget limits what has this scope. */
export function matchesScope({ match }: Pick<BudgetSpec, 'match'>, scope: Scope): boolean {
  if (!match) return true;
  return scopeParts.every((part) => {
    const accepted = match[part];
    if (!accepted) return true;
    const value = scope[part];
    return value !== undefined && accepted.some((pattern) => matchesPattern(pattern, value));
  });
}

/** Which of a budget's counters a scope is counted in: '' for a budget that has only one. */
export function counterOf({ each }: Pick<BudgetSpec, 'each'>, scope: Scope): string {
  return each === undefined ? '' : (scope[each] ?? '');
}

/** Whether every reservation counts in every budget, in one counter each, whatever its scope. */
export function areUnscoped(budgets: readonly BudgetSpec[]): boolean {
  for (const { match, each } of budgets) if (match || each !== undefined) return false;
  return true;
}

/** `a` over `b`, part by part; null where nothing is known. */
export function mergeScopes(a: Scope | null | undefined, b: Scope | null | undefined): Scope | null {
  const merged = { ...b, ...a };
  return Object.keys(merged).length > 0 ? merged : null;
}

/** `budget` or, for one of several counters, `budget (project: web)`: what a person calls it. */
export function budgetTitle({ name, each }: Pick<BudgetStatus, 'name' | 'each'>): string {
  if (!each) return name;
  if (each.value === null) return `${name} (each ${each.part})`;
  return `${name} (${each.part}: ${each.value || 'unknown'})`;
}
