import type { BudgetWatch } from '../BudgetWatch.ts';
import type { RecentDecisions } from '../RecentDecisions.ts';
import { budgetUri } from './budget-resource.ts';
import { decisionsUri } from './decisions-resource.ts';

interface UpdatePorts {
  readonly watch: BudgetWatch;
  readonly decisions: RecentDecisions;
}

/** Calls back after each change of the resource; null where there is none of that address. Returns the function that stops it. */
export function subscribeToResource(
  uri: string,
  listener: () => void,
  { watch, decisions }: UpdatePorts,
): (() => void) | null {
  if (uri === budgetUri) return watch.subscribe(listener);
  if (uri === decisionsUri) return decisions.subscribe(listener);
  return null;
}

/** Every resource that changes. */
export const changingResources: readonly string[] = [budgetUri, decisionsUri];
