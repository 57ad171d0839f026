import { version } from '../../version.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { OverviewDocument } from './api-types.ts';
import { alertViews, budgetViews } from './budget-views.ts';

/** What is left, what to be warned of, and what is owed. */
export async function readOverview(ports: DashboardPorts): Promise<OverviewDocument> {
  const budgets = await budgetViews(ports);
  const debts = ports.debts.list();
  return {
    nowMs: ports.nowMs(),
    version,
    budgets,
    alerts: alertViews(budgets),
    debt: { count: debts.length, unreviewed: debts.filter(({ review }) => review === null).length },
  };
}
