import type { Scope } from './Ledger.ts';

/** How a task ended: the critic's verdict on the answer, or why there is none. */
export type TaskOutcome = 'approved' | 'needs-repair' | 'rejected' | 'failed' | 'aborted';

/**
 * What is known of a task besides its turns. Written when it is decided, and again when it ends; one whose `endedAtMs` is null is
 * still running, or its process died. Times are epoch milliseconds, amounts tokens.
 */
export interface TaskRecord {
  readonly taskId: string;
  /** What estimates are grouped by. */
  readonly kind: string;
  /** Of Claude's model, where the budget had one in view; the ledger object's own scope fills in what is absent. */
  readonly scope?: Scope;
  /** Who begins, such as `budget-first`; docs/strategies.md. */
  readonly strategy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly decision: TaskDecision;
  readonly complexity: TaskComplexity;
  /** Who answered, with which model; null where nobody has. */
  readonly agent: string | null;
  readonly model: string | null;
  /** Null while it runs. */
  readonly outcome: TaskOutcome | null;
  /** What the critic found in the answer that was given. */
  readonly issues: readonly TaskIssue[];
  /** The critic's outcome for each answer, in order; absent while it runs. With the signals and the propensity, what a Router can learn from. */
  readonly reviews?: readonly TaskReview[];
  readonly chargedTokens: number;
  readonly turns: number;
  readonly handovers: readonly TaskHandover[];
  /** From the decision to the end; null while it runs. */
  readonly latencyMs: number | null;
  readonly prompt: TaskPrompt;
}

/** The routing decision, without what the record says elsewhere. */
export interface TaskDecision {
  readonly targetAgent: string;
  readonly reason: string;
  /** The reason for machines, such as `budget-exhausted`; see `DecisionCause`. */
  readonly cause: string;
  readonly confidence: number;
  readonly estimatedTokens: number;
  readonly forced: boolean;
  /** How likely the chosen agent was to be chosen; absent in records of versions that did not leave anything to chance. */
  readonly propensity?: number;
}

export interface TaskReview {
  readonly agent: string;
  readonly purpose: string;
  readonly outcome: string;
  /** What the critic found in it; absent where there was one answer alone, and in records of versions that did not keep it. */
  readonly issues?: readonly TaskIssue[];
}

/** The Router's assessment, with every signal, so that weights can be fitted to what came of the tasks. */
export interface TaskComplexity {
  readonly level: string;
  readonly score: number;
  readonly confidence: number;
  readonly signals: readonly { readonly name: string; readonly value: number; readonly weight: number }[];
}

export interface TaskIssue {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

export interface TaskHandover {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** The task's words are not kept: length in characters, and the first 16 hex digits of their SHA-256. */
export interface TaskPrompt {
  readonly length: number;
  readonly sha256: string;
  /** The first line, shortened, without keys; only where `log.prompts` is `full`. */
  readonly title?: string;
}

/** Which tasks; all that is given must match. */
export interface TaskQuery {
  /** Started at this time or later. */
  readonly sinceMs?: number;
  /** Started before this time. */
  readonly untilMs?: number;
  /** Who answered; of a task without an answer, who was chosen. */
  readonly agent?: string;
  readonly kind?: string;
  readonly door?: string;
  readonly project?: string;
  /** `running` for those without an outcome. */
  readonly outcome?: TaskOutcome | 'running';
  /** Of whoever answered; '' for those that nobody has answered. */
  readonly model?: string;
  /** Beginning of the id, or a part of the title. */
  readonly text?: string;
  /** The last task of the page before: the next ones are older. */
  readonly after?: Pick<TaskRecord, 'startedAtMs' | 'taskId'>;
  /** Default 100. */
  readonly limit?: number;
}
