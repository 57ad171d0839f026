import type { SettledTask } from '../state/Ledger.ts';

/** What a task is expected to use until the ledger knows better, in tokens, all its turns together. */
export const firstEstimates = { complex: 1_000, simple: 200 } as const;

/** How many settled tasks of a kind the ledger must hold before its own figures are used. */
const fewestTasks = 5;

/** How many of the latest are looked at. */
export const tasksLookedAt = 50;

/**
 * Tokens that a task of this kind will probably need: the 90th percentile (nearest rank) of the latest settled ones, so that nine of
 * ten fit into what is reserved for them; `fallback` while there are fewer than five.
 */
export function estimateTask(settled: readonly SettledTask[], fallback: number): number {
  if (settled.length < fewestTasks) return fallback;
  const sorted = settled.map((task) => task.chargedTokens).sort((a, b) => a - b);
  const rank = Math.ceil(sorted.length * 0.9) - 1;
  return Math.max(1, sorted[rank] ?? fallback);
}
