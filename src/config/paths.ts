import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment, Paths } from './Config.ts';

/** The installation's folder and its files: `TEELAMMA_HOME`, by default `~/.teelamma`. Creates nothing. */
export function resolvePaths(environment: Environment): Paths {
  const home = resolve(environment['TEELAMMA_HOME'] || join(environment['HOME'] || homedir(), '.teelamma'));
  const stateFolder = join(home, 'state');
  return {
    home,
    configFile: join(home, 'config.json'),
    stateFolder,
    ledgerFile: join(stateFolder, 'ledger.db'),
    budgetFile: join(stateFolder, 'token_budget.json'),
    overviewFile: join(stateFolder, 'budgets.json'),
    coolDownFile: join(stateFolder, 'cool-down.json'),
    trustFile: join(stateFolder, 'trusted-checks.json'),
    claudeLimitsFile: join(stateFolder, 'claude-limits.json'),
    initRecordFile: join(stateFolder, 'init.json'),
    hookFolder: join(stateFolder, 'hooks'),
    logFolder: join(home, 'logs'),
    debtFolder: join(stateFolder, 'debts'),
    outputFolder: join(stateFolder, 'outputs'),
    outboxFolder: join(stateFolder, 'outbox'),
  };
}
