import type { DashboardOptions, DashboardPorts } from '../DashboardPorts.ts';
import type { GatewayFeed } from '../GatewayFeed.ts';
import type { Parsed } from './parse-query.ts';
import { readBurnDown } from './read-burn-down.ts';
import { readDebts } from './read-debts.ts';
import { readDecisions } from './read-decisions.ts';
import { readFacets } from './read-facets.ts';
import { readOverview } from './read-overview.ts';
import { readSavings } from './read-savings.ts';
import { readTask } from './read-task.ts';
import { readUsage } from './read-usage.ts';

/** Answers a question; null where what it asks for does not exist. */
export type ReadRoute = (query: Parsed) => Promise<object | null> | object | null;

/** What can be asked, by the last part of its path; null for a path that is none. */
export function readRoutes(
  options: DashboardOptions,
  ports: DashboardPorts,
  feed: GatewayFeed,
): (path: string) => ReadRoute | null {
  const routes: Readonly<Record<string, ReadRoute>> = {
    overview: () => readOverview(ports),
    'burn-down': ({ budget }) => readBurnDown(budget, ports),
    usage: (query) => readUsage(query, options, ports),
    savings: (query) => readSavings(query, options, ports),
    decisions: (query) => readDecisions(query, { ledger: ports.ledger, feed }),
    facets: (query) => readFacets(query, ports),
    debts: () => readDebts(ports),
  };
  return (path) => {
    const taskId = /^tasks\/([^/]{1,300})$/.exec(path)?.[1];
    if (taskId !== undefined) return () => readTask(decode(taskId), options, ports);
    return Object.hasOwn(routes, path) ? (routes[path] ?? null) : null;
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
