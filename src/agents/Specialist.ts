import { TeelammaError } from '../errors.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import type { Message, MessagesRequest, RawMessageStreamEvent } from '../messages/types.ts';

export type AgentName = 'claude-specialist' | 'ollama-specialist';

/** The specialist that `agent` is not. */
export function otherAgent(agent: AgentName): AgentName {
  return agent === 'claude-specialist' ? 'ollama-specialist' : 'claude-specialist';
}

/**
 * Something that answers one Messages request. It knows nothing of budgets: `turn` holds tokens before it calls `send` and
 * settles afterwards. Both implementations pass one contract suite.
 */
export interface Specialist {
  readonly agent: AgentName;
  /** Model used where the request names none of its own kind. */
  readonly model: string;
  /**
   * Sends one request and resolves with the whole answer, as the Messages API gives it; `usage` is final. The request's `model`
   * is replaced by the specialist's own. Never retries.
   * @throws SpecialistError for everything that goes wrong, abort included; `reached` and `usage` say what it may have cost.
   */
  send(request: MessagesRequest, options: SendOptions): Promise<Message>;
  /**
   * Upper bound of the input tokens of this request as the provider itself counts them, without charge; null where the provider
   * cannot say.
   * @throws SpecialistError
   */
  countInputTokens(request: MessagesRequest, signal: AbortSignal): Promise<number | null>;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  /** Called for each stream event, in Messages form, as it comes. */
  readonly onEvent?: (event: RawMessageStreamEvent) => void;
}

/** Why a specialist could not answer. */
export type SpecialistFailure =
  | 'missing-key'
  | 'authentication'
  | 'unreachable'
  | 'timeout'
  | 'rate-limited'
  | 'overloaded'
  | 'server-error'
  | 'stream-broken'
  | 'invalid-request'
  | 'context-too-long'
  | 'model-missing'
  | 'aborted';

export interface SpecialistErrorOptions {
  readonly agent: AgentName;
  readonly failure: SpecialistFailure;
  /** One sentence: what happened and what to do next. */
  readonly message: string;
  /**
   * How far the request got. `not-sent`: it certainly did not reach the provider. `refused`: the provider answered with an error of
   * its own before any content, so it charges nothing. `started`: the provider may have worked on it, so it may charge.
   */
  readonly reached: 'not-sent' | 'refused' | 'started';
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** What the provider had reported up to then; only for `started`. Final only if `usageIsFinal`. */
  readonly usage?: TokenUsage;
  readonly usageIsFinal?: boolean;
  readonly cause?: unknown;
}

/** A specialist's failure, with all that the budget and the fallback need to know of it. */
export class SpecialistError extends TeelammaError {
  readonly agent: AgentName;
  readonly failure: SpecialistFailure;
  readonly reached: 'not-sent' | 'refused' | 'started';
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly usage: TokenUsage | undefined;
  readonly usageIsFinal: boolean;

  constructor(options: SpecialistErrorOptions) {
    super(options.failure === 'aborted' ? 'aborted' : 'specialist-failed', options.message, {
      cause: options.cause,
      isRetryable: retryableFailures.has(options.failure),
    });
    this.agent = options.agent;
    this.failure = options.failure;
    this.reached = options.reached;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.usage = options.usage;
    this.usageIsFinal = options.usageIsFinal ?? false;
  }
}

const retryableFailures: ReadonlySet<SpecialistFailure> = new Set([
  'unreachable',
  'timeout',
  'rate-limited',
  'overloaded',
  'server-error',
  'stream-broken',
]);
