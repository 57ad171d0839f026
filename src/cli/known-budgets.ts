import { statSync } from 'node:fs';
import type { Environment } from '../config/Config.ts';
import { resolvePaths } from '../config/paths.ts';
import { type OverviewBudget, readOverview, withSpecs } from '../state/budget-overview.ts';

/**
 * The budgets as they were last written, without opening the ledger; null where none were. Where config.json was changed since, with the
 * limits that it has now: the configuration is read in this case alone, since that takes longer than all the rest.
 */
export async function knownBudgets(
  environment: Environment,
  nowMs: number,
): Promise<readonly OverviewBudget[] | null> {
  const paths = resolvePaths(environment);
  const budgets = readOverview(paths, nowMs);
  if (budgets === null || changedAtMs(paths.configFile) <= changedAtMs(paths.overviewFile)) return budgets;
  const { loadConfig } = await import('../config/load-config.ts');
  const { budgetSource } = await import('../config/budget-source.ts');
  try {
    return withSpecs(budgets, budgetSource(loadConfig(environment).config)());
  } catch {
    // A configuration that is not valid: every other command says what is wrong with it.
    return budgets;
  }
}

/** 0 for what is not there. */
function changedAtMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
