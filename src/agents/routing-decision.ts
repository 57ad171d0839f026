import type { Complexity } from './complexity.ts';
import type { AgentName } from './Specialist.ts';
import { preferredAgent, type Strategy } from './strategy.ts';

/** The reason of a decision, for machines. Those that begin with `budget`, `claude-limit` and `no-ledger` sent a task to Ollama that Claude would have had. */
export type DecisionCause =
  | 'complex'
  | 'simple'
  | 'forced'
  | 'budget-exhausted'
  | 'budget-too-low'
  | 'budget-held'
  | 'claude-limit'
  | 'no-ledger'
  | 'local-first'
  | 'claude-first'
  | 'explored';

/** Who does a task, and why. */
export interface RoutingDecision {
  readonly targetAgent: AgentName;
  /** One sentence in words; nothing is decided without one. */
  readonly reason: string;
  /** The same for machines. */
  readonly cause: DecisionCause;
  /** The Router's confidence, 0 to 1; 1 where the user, the strategy, chance or the budget alone decided. */
  readonly confidence: number;
  readonly strategy: Strategy;
  /** How likely this specialist was to be chosen, above 0 to 1: below 1 only where a share of tasks goes the other way by chance. */
  readonly propensity: number;
  /** The budget that binds, after this decision's own tokens were held. */
  readonly tokenBudgetStatus?: TokenBudgetStatus;
  readonly taskId: string;
  readonly complexity: Complexity;
  /** What the ledger's estimates are grouped by. */
  readonly kind: string;
  /** Tokens that the whole task is expected to need on Claude. */
  readonly estimatedTokens: number;
  readonly forced: boolean;
  /** Set where Claude was forced past the limit. */
  readonly warning?: string;
  /** Set by `MetaCoordinator.route` where tokens were charged: what `MetaCoordinator.settle` replaces by the real usage. */
  readonly turnId?: string;
}

/** `used + remaining` is the limit, unless forced calls passed it. Tokens, or what `unit` says, of the running window. */
export interface TokenBudgetStatus {
  /** Settled and held. */
  readonly used: number;
  readonly remaining: number;
  readonly exhausted: boolean;
  /** Absent: tokens. */
  readonly unit?: 'micro-usd';
}

/** Whether Claude would have begun the task, had the budget had room. A simple task on an empty budget is Ollama's in any case. */
export function isForWantOfBudget({ cause, strategy, complexity }: RoutingDecision): boolean {
  return cause.startsWith('budget-') && preferredAgent(strategy, complexity.level) === 'claude-specialist';
}
