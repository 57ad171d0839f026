import type { ComplexityLevel } from './complexity.ts';
import type { AgentName } from './Specialist.ts';

/** Who begins a task. docs/strategies.md. */
export const strategies = ['budget-first', 'local-first', 'claude-first'] as const;

/**
 * `budget-first`: complex tasks to Claude while the budget lasts. `local-first`: Ollama begins all, Claude repairs what the critic does
 * not approve. `claude-first`: all to Claude while the budget lasts.
 */
export type Strategy = (typeof strategies)[number];

export const defaultStrategy: Strategy = 'budget-first';

/** How one task is chosen for. */
export interface StrategyPlan {
  readonly strategy: Strategy;
  /** Share of tasks, 0 to 0.5, for which chance takes the other specialist. */
  readonly exploration: number;
  /** Whether this is one of them; never where the budget leaves no choice. */
  readonly isExploring: boolean;
  /** Whether chance could have chosen either specialist for this task. */
  readonly hasChoice: boolean;
}

/** Whom a strategy takes where the budget has room. */
export function preferredAgent(strategy: Strategy, level: ComplexityLevel): AgentName {
  if (strategy === 'local-first') return 'ollama-specialist';
  return strategy === 'claude-first' || level === 'complex' ? 'claude-specialist' : 'ollama-specialist';
}

/** The plan of a task that leaves nothing to chance. */
export function certainPlan(strategy: Strategy): StrategyPlan {
  return { strategy, exploration: 0, isExploring: false, hasChoice: false };
}

/** How likely the specialist was chosen that was chosen, by the budget's leave; 1 where chance had no part. */
export function propensityOf({ exploration, isExploring, hasChoice }: StrategyPlan): number {
  if (!hasChoice) return 1;
  return isExploring ? exploration : 1 - exploration;
}
