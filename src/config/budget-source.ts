import { statSync } from 'node:fs';
import type { Config, ConfiguredBudget, Environment } from './Config.ts';
import { loadConfig } from './load-config.ts';
import { defaultBudgetName } from './parse-budgets.ts';

/** The configured budgets as of now; called before every use. */
export type BudgetSource = () => readonly ConfiguredBudget[];

/**
 * The budgets of a configuration, the one of the section `budget` first. Given the environment it came from, config.json is read again when it has changed, so that
 * `teelamma budget set` reaches processes that are running; while it cannot be read, the last good one counts.
 */
export function budgetSource(config: Config, environment?: Environment): BudgetSource {
  let budgets = budgetsOf(config);
  if (!environment) return () => budgets;
  const { configFile } = config.paths;
  let version = versionOf(configFile);
  return () => {
    const current = versionOf(configFile);
    if (current !== version) {
      try {
        budgets = budgetsOf(loadConfig(environment).config);
        version = current;
      } catch {
        // Half edited: `teelamma doctor` and the next start report it. It is looked at again on the next call.
      }
    }
    return budgets;
  };
}

function budgetsOf({ budget, budgets }: Config): readonly ConfiguredBudget[] {
  const { limitTokens, counts, windowMs, thresholdsPercent } = budget;
  const first = { name: defaultBudgetName, limitTokens, windowMs, thresholdsPercent };
  return [counts ? { ...first, counts } : first, ...budgets];
}

function versionOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : 'absent';
}
