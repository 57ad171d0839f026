import type { SettledTask } from '../state/Ledger.ts';
import type { ComplexityLevel } from './complexity.ts';
import { percentile } from './percentile.ts';

/** What the ledger's figures are grouped by: tasks in a workspace take several turns, and are no measure for those that take one. */
export type TaskKind = ComplexityLevel | `${ComplexityLevel} workspace`;

/** Each turn in a workspace sends the definitions of the tools and the system prompt, about 1,000 tokens, and what was said before. */
const workspaceTurnTokens = 1_000;

/**
 * What a task is expected to use until the ledger knows better, in tokens, all its turns together. In a workspace: the plain task, and five
 * turns (find, read, edit, test, say what was done) or three.
 */
export const firstEstimates: Readonly<Record<TaskKind, number>> = {
  complex: 1_000,
  simple: 200,
  'complex workspace': 1_000 + 5 * workspaceTurnTokens,
  'simple workspace': 200 + 3 * workspaceTurnTokens,
};

/** How many settled tasks of a kind the ledger must hold before its own figures are used. */
export const fewestTasks = 5;

/** How many of the latest are looked at. */
export const tasksLookedAt = 50;

/**
 * Tokens that a task of this kind will probably need: the 90th percentile (nearest rank) of the latest settled ones, so that nine of
 * ten fit into what is reserved for them; `fallback` while there are fewer than five.
 */
export function estimateTask(settled: readonly SettledTask[], fallback: number): number {
  if (settled.length < fewestTasks) return fallback;
  return percentile(
    settled.map((task) => task.chargedTokens),
    0.9,
  );
}
