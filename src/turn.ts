import { type AgentName, otherAgent, type Specialist, SpecialistError } from './agents/Specialist.ts';
import { AbortedError, isLedgerTrouble } from './errors.ts';
import type { DecisionLog } from './logging/LogEntry.ts';
import { formatTokens } from './messages/format-tokens.ts';
import { fromApiUsage, type TokenUsage } from './messages/token-usage.ts';
import type { Message, MessagesRequest, RawMessageStreamEvent } from './messages/types.ts';
import type { CoolDown } from './state/CoolDown.ts';
import type { BudgetStatus, Ledger, SettleResult, TurnOutcome } from './state/Ledger.ts';
import type { Sleep } from './state/wait-for-holds.ts';
import type { Handover } from './task-events.ts';
import { type HoldResult, holdTokens, type TurnHold } from './turn/hold-tokens.ts';
import { type FailedAttempt, NoSpecialistAvailableError } from './turn/NoSpecialistAvailableError.ts';
import { outcomeOfError } from './turn/outcome-of-error.ts';

export interface TurnOptions {
  /** Longest wait for holds of others that stand in the way. Default 2,000 ms. */
  readonly waitMs?: number;
}

export interface TurnPorts {
  readonly ledger: Ledger;
  readonly claude: Specialist;
  readonly ollama: Specialist;
  readonly coolDown: CoolDown;
  readonly log: DecisionLog;
  readonly sleep: Sleep;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** One model call to be made. */
export interface TurnRequest {
  readonly taskId: string;
  /** What the ledger's estimates are grouped by. */
  readonly kind: string;
  /** `max_tokens` is the most that is wanted; the budget may lower it. `model` is the specialist's own. */
  readonly request: MessagesRequest;
  readonly agent: AgentName;
  /** The task's reservation, or null where it has none: a turn on Claude then makes its own. */
  readonly reservationId: string | null;
  /** Whether Claude may pass the limit. */
  readonly forced: boolean;
  /** Whether the other specialist may take the turn over when this one cannot do it. */
  readonly mayHandOver: boolean;
}

export interface TurnHooks {
  readonly signal: AbortSignal;
  /** Just before the request is sent. */
  readonly onStart?: (start: { agent: AgentName; model: string; heldTokens: number }) => void;
  readonly onEvent?: (agent: AgentName, event: RawMessageStreamEvent) => void;
  readonly onWait?: (reason: string) => void;
  readonly onHandover?: (handover: Handover) => void;
  readonly onWarning?: (message: string) => void;
}

export interface TurnResult {
  readonly agent: AgentName;
  readonly model: string;
  readonly message: Message;
  readonly usage: TokenUsage;
  /** Tokens charged to the budget; 0 for Ollama. */
  readonly chargedTokens: number;
  readonly heldTokens: number;
  readonly latencyMs: number;
  readonly handover: Handover | null;
  readonly budgets: readonly BudgetStatus[];
}

interface SendFailure {
  readonly error: unknown;
  readonly isSent: boolean;
}

type Sent = { readonly message: Message } | SendFailure;

type Attempt =
  | { readonly answered: true; readonly result: Omit<TurnResult, 'handover'> }
  | { readonly answered: false; readonly failure: FailedAttempt };

/**
 * One model call through the budget: hold, send, settle, and hand over to the other specialist where that fails.
 *
 * Claude is called only after its hold is durable. The hold is input bound + `max_tokens`, and that `max_tokens` is what is sent.
 */
export class Turn {
  private readonly options: TurnOptions;
  private readonly ports: TurnPorts;

  constructor(options: TurnOptions, ports: TurnPorts) {
    this.options = options;
    this.ports = ports;
  }

  /**
   * @throws NoSpecialistAvailableError where nobody who may could answer.
   * @throws AbortedError where the signal was aborted; what was sent by then stays charged.
   */
  async run(turn: TurnRequest, hooks: TurnHooks): Promise<TurnResult> {
    const first = await this.attempt(turn.agent, turn, hooks);
    if (first.answered) return { ...first.result, handover: null };
    if (!turn.mayHandOver) throw new NoSpecialistAvailableError([first.failure]);

    const other = otherAgent(turn.agent);
    const { reason, chargedTokens } = first.failure;
    const handover: Handover = { from: turn.agent, to: other, reason, chargedTokens };
    hooks.onHandover?.(handover);
    this.ports.log.record({
      agent: turn.agent,
      action: 'handover',
      taskId: turn.taskId,
      level: 'warn',
      input: { kind: turn.kind },
      output: { to: other, reason, chargedTokens },
    });
    const second = await this.attempt(other, turn, hooks);
    if (second.answered) return { ...second.result, handover };
    throw new NoSpecialistAvailableError([first.failure, second.failure]);
  }

  private async attempt(agent: AgentName, turn: TurnRequest, hooks: TurnHooks): Promise<Attempt> {
    if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason);
    const startedAtMs = this.ports.nowMs();
    const attempt =
      agent === 'claude-specialist'
        ? await this.askClaude(turn, hooks, startedAtMs)
        : await this.askOllama(turn, hooks, startedAtMs);
    this.ports.log.record({
      agent,
      action: 'answer',
      taskId: turn.taskId,
      level: attempt.answered ? 'info' : 'warn',
      input: { messages: turn.request.messages, maxTokens: turn.request.max_tokens },
      output: attempt.answered ? logged(attempt.result) : { failed: attempt.failure.reason },
    });
    return attempt;
  }

  private async askClaude(turn: TurnRequest, hooks: TurnHooks, startedAtMs: number): Promise<Attempt> {
    const { ledger, coolDown } = this.ports;
    const pause = coolDown.current();
    if (pause) {
      const until = new Date(pause.untilMs).toISOString();
      return failed('claude-specialist', `not tried before ${until} (${pause.reason})`);
    }
    const held = await this.hold(turn, hooks);
    if (!held.granted) return failed('claude-specialist', held.reason);

    const { hold } = held;
    const outcome = await this.sendToClaude(turn, hooks, hold);
    try {
      if ('error' in outcome) return await this.settleFailure(turn, hooks, hold, outcome);
      return await this.settleAnswer(turn, hooks, hold, outcome.message, startedAtMs);
    } finally {
      if (hold.ownReservationId !== null) await ledger.close(hold.ownReservationId, { isWholeTask: false });
    }
  }

  private async hold(turn: TurnRequest, hooks: TurnHooks): Promise<HoldResult> {
    const request = { ...turn, waitMs: this.options.waitMs, signal: hooks.signal, onWait: hooks.onWait };
    try {
      return await holdTokens(request, this.ports);
    } catch (error) {
      if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
      if (!isLedgerTrouble(error)) throw error;
      this.logProblem(turn, 'hold', { kind: turn.kind }, error.message);
      return { granted: false, reason: `Claude is not asked without a ledger: ${error.message}` };
    }
  }

  private async sendToClaude(turn: TurnRequest, hooks: TurnHooks, hold: TurnHold): Promise<Sent> {
    const { claude } = this.ports;
    let isSent = false;
    try {
      hooks.onStart?.({ agent: claude.agent, model: claude.model, heldTokens: hold.heldTokens });
      isSent = true;
      const message = await claude.send(
        { ...turn.request, max_tokens: hold.maxTokens },
        { signal: hooks.signal, onEvent: (event) => hooks.onEvent?.(claude.agent, event) },
      );
      return { message };
    } catch (error) {
      return { error, isSent };
    }
  }

  private async settleFailure(
    turn: TurnRequest,
    hooks: TurnHooks,
    hold: TurnHold,
    { error, isSent }: SendFailure,
  ): Promise<Attempt> {
    const notSent: TurnOutcome = { kind: 'not-charged', reason: 'it was never sent' };
    const settled = await this.settle(turn, hooks, hold, isSent ? outcomeOfError(error) : notSent);
    if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
    if (!(error instanceof SpecialistError)) throw error;
    if (error.retryAfterMs !== undefined) this.ports.coolDown.open(error.retryAfterMs, error.message);
    return failed('claude-specialist', error.message, error, settled?.chargedTokens ?? hold.heldTokens);
  }

  private async settleAnswer(
    turn: TurnRequest,
    hooks: TurnHooks,
    hold: TurnHold,
    message: Message,
    startedAtMs: number,
  ): Promise<Attempt> {
    const { ledger, claude, nowMs } = this.ports;
    const usage = fromApiUsage(message.usage);
    const latencyMs = Math.max(0, nowMs() - startedAtMs);
    const settled = await this.settle(turn, hooks, hold, { kind: 'usage', usage, latencyMs });
    if (settled && settled.aboveHoldTokens > 0) {
      hooks.onWarning?.(
        `Claude reported ${formatTokens(settled.aboveHoldTokens)} tokens more than were held for this turn; they are recorded`,
      );
    }
    return {
      answered: true,
      result: {
        agent: claude.agent,
        model: message.model,
        message,
        usage,
        latencyMs,
        heldTokens: hold.heldTokens,
        chargedTokens: settled?.chargedTokens ?? hold.heldTokens,
        budgets: settled?.budgets ?? ledger.snapshot(),
      },
    };
  }

  /**
   * An answer is never lost for the ledger's sake: where it cannot be written any more, the turn stays charged at its hold, which is
   * durable, and the user is told. Null then.
   */
  private async settle(
    turn: TurnRequest,
    hooks: TurnHooks,
    hold: TurnHold,
    outcome: TurnOutcome,
  ): Promise<SettleResult | null> {
    try {
      return await this.ports.ledger.settleTurn(hold.turnId, outcome);
    } catch (error) {
      const problem = messageOf(error);
      hooks.onWarning?.(
        `The usage of this turn could not be recorded, so it stays charged at its hold of ${formatTokens(hold.heldTokens)} tokens: ${problem}`,
      );
      this.logProblem(turn, 'settle', { turnId: hold.turnId, ...outcome }, problem);
      return null;
    }
  }

  private logProblem(
    turn: TurnRequest,
    action: string,
    input: Record<string, unknown>,
    problem: string,
  ): void {
    const { taskId } = turn;
    this.ports.log.record({
      agent: 'ledger',
      action,
      taskId,
      level: 'error',
      input,
      output: { failed: problem },
    });
  }

  private async askOllama(turn: TurnRequest, hooks: TurnHooks, startedAtMs: number): Promise<Attempt> {
    const { ledger, ollama, newId, nowMs } = this.ports;
    hooks.onStart?.({ agent: ollama.agent, model: ollama.model, heldTokens: 0 });
    let message: Message;
    try {
      message = await ollama.send(turn.request, {
        signal: hooks.signal,
        onEvent: (event) => hooks.onEvent?.(ollama.agent, event),
      });
    } catch (error) {
      if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
      if (!(error instanceof SpecialistError)) throw error;
      return failed('ollama-specialist', error.message, error);
    }
    const usage = fromApiUsage(message.usage);
    const latencyMs = Math.max(0, nowMs() - startedAtMs);
    const { taskId, kind } = turn;
    const model = message.model;
    const record = { turnId: newId(), taskId, kind, agent: ollama.agent, model, usage, latencyMs };
    try {
      await ledger.recordTurn(record);
    } catch (error) {
      const problem = messageOf(error);
      hooks.onWarning?.(`The usage of this turn on Ollama could not be recorded: ${problem}`);
      this.logProblem(turn, 'record', record, problem);
    }
    const budgets = ledger.snapshot();
    return {
      answered: true,
      result: {
        agent: ollama.agent,
        model,
        message,
        usage,
        chargedTokens: 0,
        heldTokens: 0,
        latencyMs,
        budgets,
      },
    };
  }
}

function failed(agent: AgentName, reason: string, cause?: unknown, chargedTokens = 0): Attempt {
  return { answered: false, failure: { agent, reason: reason.replace(/\.$/, ''), chargedTokens, cause } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function logged(result: Omit<TurnResult, 'handover'>): Record<string, unknown> {
  const { model, usage, chargedTokens, heldTokens, latencyMs, message } = result;
  return {
    answer: message.content,
    model,
    ...usage,
    chargedTokens,
    heldTokens,
    latencyMs,
    stopReason: message.stop_reason,
  };
}
