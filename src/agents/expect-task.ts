import type { SettledTask } from '../state/Ledger.ts';
import { withCountMargin } from './count-margin.ts';
import { estimateTask, fewestTasks } from './estimate-task.ts';
import { leastOutputTokens } from './least-output-tokens.ts';
import { percentile } from './percentile.ts';

/** What a task will probably take of the budget, in tokens. */
export interface TaskExpectation {
  /** What it will use. */
  readonly estimatedTokens: number;
  /** What must be free before it begins, so that it can end where it began: all its turns and one repair, each as it has to be held. */
  readonly neededTokens: number;
  /** The part of `neededTokens` that its first turn must leave for the others; 0 while nothing is known. */
  readonly laterTokens: number;
}

/** The critic's issues and the request to mend them. */
const repairPromptTokens = 256;

/**
 * Expects of a task what nine of ten settled whole tasks of its kind needed, `fallback` of all while fewer than five are known.
 *
 * A task of one turn was approved at once; the next may not be, so a repair is added to it: the request and the answer are sent again,
 * with the issues, and the answer is written anew. The last turn is held for more than it will use, by the margin on what is counted
 * and by the least output that a turn is sent with. The critic itself asks no model.
 */
export function expectTask(
  settled: readonly SettledTask[],
  recentOutputTokens: readonly number[],
  fallback: number,
): TaskExpectation {
  const estimatedTokens = estimateTask(settled, fallback);
  if (settled.length < fewestTasks) return { estimatedTokens, neededTokens: estimatedTokens, laterTokens: 0 };
  const leastOutput = leastOutputTokens(recentOutputTokens);
  const neededTokens = percentile(
    settled.map((task) => neededFor(task, leastOutput)),
    0.9,
  );
  const firstTurnTokens = percentile(
    settled.map(({ chargedTokens, turns }) => chargedTokens / turns),
    0.9,
  );
  return { estimatedTokens, neededTokens, laterTokens: Math.max(0, neededTokens - firstTurnTokens) };
}

function neededFor({ chargedTokens, turns }: SettledTask, leastOutput: number): number {
  if (turns > 1) return withCountMargin(chargedTokens) + leastOutput;
  return chargedTokens + withCountMargin(chargedTokens + repairPromptTokens) + leastOutput;
}
