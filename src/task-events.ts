import type { RoutingDecision } from './agents/routing-decision.ts';
import type { AgentName } from './agents/Specialist.ts';
import type { Verdict } from './agents/verdict.ts';
import type { TokenUsage } from './messages/token-usage.ts';
import type { BudgetStatus } from './state/Ledger.ts';

/** What a task reports while it runs, in order. A listener that throws ends the task. */
export type TaskEvent =
  | { readonly type: 'decision'; readonly decision: RoutingDecision }
  /** A model call begins, other than a review, which `waiting` tells of. */
  | {
      readonly type: 'turn-started';
      readonly agent: AgentName;
      readonly model: string;
      readonly purpose: TaskPurpose;
      /** Tokens in flight; 0 for Ollama. */
      readonly heldTokens: number;
    }
  /** A piece of the answer's text, as it comes. A new `turn-started` or `handover` means that the answer starts again. */
  | { readonly type: 'text'; readonly agent: AgentName; readonly text: string }
  | { readonly type: 'waiting'; readonly reason: string }
  /** A tool was used on the staged files of a workspace; `subject` is the path or pattern it was used on, or empty. */
  | {
      readonly type: 'tool';
      readonly agent: AgentName;
      readonly name: string;
      readonly subject: string;
      readonly isError: boolean;
    }
  /** The turn passes to the other specialist. */
  | { readonly type: 'handover'; readonly handover: Handover }
  | { readonly type: 'turn-settled'; readonly turn: TurnSummary; readonly budgets: readonly BudgetStatus[] }
  | { readonly type: 'verdict'; readonly agent: AgentName; readonly verdict: Verdict }
  | { readonly type: 'threshold'; readonly budget: BudgetStatus; readonly percent: number }
  | { readonly type: 'warning'; readonly message: string };

/** What a model call is for; `review`: a second model looks at work that every check approves. */
export type TurnPurpose = TaskPurpose | 'review';

/** What a specialist works on a task for: the first answer, a repair by the same one, or an escalation to the other. */
export type TaskPurpose = 'answer' | 'repair' | 'escalation';

export interface Handover {
  readonly from: AgentName;
  readonly to: AgentName;
  readonly reason: string;
  /** Tokens that the attempt which failed stays charged; 0 unless Claude had begun to work on it. */
  readonly chargedTokens: number;
  /** Set where a token budget kept Claude from the turn. */
  readonly lacksBudget?: boolean;
}

/** One model call that was answered. */
export interface TurnSummary {
  readonly agent: AgentName;
  readonly model: string;
  readonly purpose: TurnPurpose;
  readonly usage: TokenUsage;
  /** Tokens charged to the budget; 0 for Ollama. */
  readonly chargedTokens: number;
  readonly heldTokens: number;
  /** List price of its tokens in USD; 0 for Ollama, null where the model has none in the price table. */
  readonly costUsd: number | null;
  readonly latencyMs: number;
}

/** The critic's outcome for one answer. */
export interface ReviewedAnswer {
  readonly agent: AgentName;
  readonly model: string;
  readonly purpose: TaskPurpose;
  readonly outcome: Verdict['outcome'];
  readonly issues: Verdict['issues'];
}

/** A file that a task in a workspace would change. */
export interface ChangedFile {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted';
  /** As git writes it; `git apply` takes it. */
  readonly diff: string;
}

/** Everything that came of one task. */
export interface TaskResult {
  readonly taskId: string;
  /** The answer's text. */
  readonly output: string;
  /** Who gave it, with which model. */
  readonly agent: AgentName;
  readonly model: string;
  readonly decision: RoutingDecision;
  readonly verdict: Verdict;
  /** What the critic said of each answer, in order; the first says whether who began could do it alone. */
  readonly reviews: readonly ReviewedAnswer[];
  /** What it would change in its workspace, by path; none without one. Nothing of it is applied yet. */
  readonly files: readonly ChangedFile[];
  readonly estimatedTokens: number;
  /** Tokens that this task charged to the budget: all turns, and what attempts that failed stay charged. */
  readonly chargedTokens: number;
  /**
   * List price in USD of the turns that were answered; null where one of them has none in the price table. What attempts that failed used is
   * not known.
   */
  readonly costUsd: number | null;
  readonly turns: readonly TurnSummary[];
  readonly handovers: readonly Handover[];
  readonly warnings: readonly string[];
  readonly budgets: readonly BudgetStatus[];
}
