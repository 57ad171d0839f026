import type { DecisionCause } from './agents/routing-decision.ts';
import type { AgentName, SpecialistFailure } from './agents/Specialist.ts';
import type { Verdict } from './agents/verdict.ts';
import type { TokenUsage } from './messages/token-usage.ts';
import type { TaskPurpose } from './task-events.ts';

/**
 * What every door tells those who measure: tasks, model calls, reviews and checks, and the gateway's requests. Nothing of it holds a
 * word of a prompt or of an answer. Times are epoch milliseconds.
 */
export type WorkEvent =
  | TaskStarted
  | TaskEnded
  | ModelCall
  | HandedOver
  | AnswerReviewed
  | CheckEnded
  | RequestAnswered;

/** Called in the middle of the work, so it must return at once and never throw. */
export type WorkObserver = (event: WorkEvent) => void;

/** A task was admitted; it began when its words came in. */
export interface TaskStarted {
  readonly type: 'task-started';
  readonly taskId: string;
  readonly startedAtMs: number;
  readonly agent: AgentName;
  readonly cause: DecisionCause;
  readonly complexity: string;
  readonly score: number;
  readonly estimatedTokens: number;
  readonly forced: boolean;
}

export interface TaskEnded {
  readonly type: 'task-ended';
  readonly taskId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: Verdict['outcome'] | 'failed' | 'aborted';
  /** Who gave the answer; null where there is none. */
  readonly agent: AgentName | null;
  readonly chargedTokens: number;
  /** As in `TaskResult`. */
  readonly costUsd: number | null;
  /** The error's code; null where there is an answer. */
  readonly errorType: string | null;
}

/** A request that was sent to a model has ended. What was refused before it was sent is no call. */
export interface ModelCall {
  readonly type: 'model-call';
  /** Null for a call that belongs to no task. */
  readonly taskId: string | null;
  readonly agent: AgentName;
  readonly requestModel: string;
  readonly responseModel: string | null;
  readonly responseId: string | null;
  readonly maxTokens: number | null;
  readonly stopReason: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Null where nobody reported it. */
  readonly usage: TokenUsage | null;
  readonly heldTokens: number;
  /** Why it failed, for machines: a status, or a `SpecialistFailure`; null where it was answered. */
  readonly errorType: string | null;
}

/** Work passed from one specialist to the other. */
export interface HandedOver {
  readonly type: 'handover';
  readonly taskId: string;
  readonly atMs: number;
  readonly from: AgentName;
  readonly to: AgentName;
  readonly cause: HandoverCause;
}

/** `budget`: no budget had room; `not-asked`: a pause, a reserve or the ledger kept it from being asked; else why the call failed. */
export type HandoverCause = 'budget' | 'not-asked' | SpecialistFailure;

/** The critic judged an answer; in a workspace, with the project's checks. */
export interface AnswerReviewed {
  readonly type: 'review';
  readonly taskId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Whose answer it was. */
  readonly agent: AgentName;
  readonly purpose: TaskPurpose;
  readonly outcome: Verdict['outcome'];
  readonly errors: number;
  readonly warnings: number;
}

/** One of a project's checks ended. */
export interface CheckEnded {
  readonly type: 'check';
  readonly taskId: string;
  readonly name: string;
  readonly outcome: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** The gateway answered a request. */
export interface RequestAnswered {
  readonly type: 'request';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The model that the client asked for. */
  readonly model: string;
  readonly agent: AgentName | 'none';
  /** Why this one answered, for machines. */
  readonly cause: RequestCause;
  /** Status of the answer; null where it was not begun, because the client had gone. */
  readonly status: number | null;
  /** The client's W3C `traceparent`, as it came; null without one. */
  readonly traceparent: string | null;
  /** Who was asked before; null where the first one answered. */
  readonly from: AgentName | null;
  /** What was sent to models for it, in order. */
  readonly calls: readonly ModelCall[];
}

/** `rule`: the first choice answered. The others say why Claude did not: see docs/gateway.md. */
export type RequestCause =
  | 'rule'
  | 'budget'
  | 'cool-down'
  | 'no-key'
  | 'error-answer'
  | 'connection'
  | 'ollama';
