import type { AgentName, Specialist } from '../agents/Specialist.ts';
import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import type { Message, MessagesRequest, RawMessageStreamEvent } from '../messages/types.ts';
import type { CoolDown } from '../state/CoolDown.ts';
import type { BudgetStatus, Ledger, Scope } from '../state/Ledger.ts';
import type { Sleep } from '../state/wait-for-holds.ts';
import type { Handover } from '../task-events.ts';
import type { WorkObserver } from '../work-events.ts';
import type { FailedAttempt } from './NoSpecialistAvailableError.ts';

export interface TurnOptions {
  /** Longest wait for holds of others that stand in the way. Default 2,000 ms. */
  readonly waitMs?: number;
  /** What Claude's tokens cost, for the result alone. Default: nobody knows. */
  readonly prices?: readonly ModelPrice[];
}

export interface TurnPorts {
  readonly ledger: Ledger;
  readonly claude: Specialist;
  readonly ollama: Specialist;
  readonly coolDown: CoolDown;
  /** Why Claude is not to be asked for the sake of its own limits; null where it may be. Default: it may. */
  readonly reserve?: () => { readonly reason: string } | null;
  readonly log: DecisionLog;
  /** Told when a turn passes to the other specialist, whoever asked for it. */
  readonly onHandover?: (handover: Handover) => void;
  readonly sleep: Sleep;
  readonly newId: () => string;
  readonly nowMs: () => number;
  /** Told of each call that was sent, when it has ended, and of each handover. Default: nobody is. */
  readonly observe?: WorkObserver;
}

/** One model call to be made. */
export interface TurnRequest {
  readonly taskId: string;
  /** What the ledger's estimates are grouped by. */
  readonly kind: string;
  /** What it is for, as far as the caller knows; the budgets that match it count. */
  readonly scope?: Scope;
  /** `max_tokens` is the most that is wanted; the budget may lower it. `model` is the specialist's own. */
  readonly request: MessagesRequest;
  readonly agent: AgentName;
  /** The task's reservation, or null where it has none: a turn on Claude then makes its own. */
  readonly reservationId: string | null;
  /** Tokens of the reservation that this turn leaves for later ones, as far as its least output lets it. Default 0. */
  readonly keepTokens?: number;
  /** Whether Claude may pass the limit. */
  readonly forced: boolean;
  /** Whether the other specialist may take the turn over when this one cannot do it. */
  readonly mayHandOver: boolean;
}

export interface TurnHooks {
  readonly signal: AbortSignal;
  /** Just before the request is sent. */
  readonly onStart?: (start: TurnStart) => void;
  readonly onEvent?: (agent: AgentName, event: RawMessageStreamEvent) => void;
  readonly onWait?: (reason: string) => void;
  readonly onHandover?: (handover: Handover) => void;
  readonly onWarning?: (message: string) => void;
}

/** What is about to be sent. */
export interface TurnStart {
  readonly agent: AgentName;
  readonly model: string;
  /** 0 for Ollama. */
  readonly heldTokens: number;
  readonly maxTokens: number;
}

export interface TurnResult {
  readonly agent: AgentName;
  readonly model: string;
  readonly message: Message;
  readonly usage: TokenUsage;
  /** Tokens charged to the budget; 0 for Ollama. */
  readonly chargedTokens: number;
  readonly heldTokens: number;
  /** List price of its tokens in USD; 0 for Ollama, null where the model has none in the price table. */
  readonly costUsd: number | null;
  readonly latencyMs: number;
  readonly handover: Handover | null;
  readonly budgets: readonly BudgetStatus[];
}

/** What one specialist made of a turn. */
export type Attempt =
  | { readonly answered: true; readonly result: Omit<TurnResult, 'handover'> }
  | { readonly answered: false; readonly failure: FailedAttempt };

/** An attempt that failed; `reason` is one sentence, with or without its full stop. */
export function failedAttempt(agent: AgentName, reason: string, cause?: unknown, chargedTokens = 0): Attempt {
  return { answered: false, failure: { agent, reason: reason.replace(/\.$/, ''), chargedTokens, cause } };
}

/** Claude was not asked, since a token budget has no room for the turn. */
export function lackOfBudget(reason: string): Attempt {
  return {
    answered: false,
    failure: { agent: 'claude-specialist', reason, chargedTokens: 0, lacksBudget: true },
  };
}
