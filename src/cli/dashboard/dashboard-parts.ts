import type { App } from '../../app.ts';
import { budgetSource } from '../../config/budget-source.ts';
import type { Environment } from '../../config/Config.ts';
import { setBudgetLimit } from '../../config/set-budget-limit.ts';
import type { DashboardOptions, DashboardPorts } from '../../dashboard/DashboardPorts.ts';
import { resetBudgets } from '../../state/reset-budgets.ts';

/** What a dashboard over an installation shows. */
export function dashboardOptions({ config }: App): DashboardOptions {
  return {
    logFolder: config.paths.logFolder,
    claudeModel: config.claude.model,
    prices: config.prices,
  };
}

/** What it reads and may change there; `environment` is what the app was made from. */
export function dashboardPorts(app: App, environment: Environment): DashboardPorts {
  const { config, ledger, budget, debts, log } = app;
  // That of a simulation is another than the user's.
  const own = { ...environment, TEELAMMA_HOME: config.paths.home };
  return {
    ledger,
    debts,
    log,
    budgets: budgetSource(config, own),
    nowMs: Date.now,
    newId: () => crypto.randomUUID(),
    setLimit: (change) => setBudgetLimit(own, { ...change, place: 'the dashboard' }),
    resetBudget: (name) => resetBudgets({ ledger, budget }, name),
  };
}
