import { type AgentName, otherAgent } from './agents/Specialist.ts';
import { AbortedError } from './errors.ts';
import type { Handover } from './task-events.ts';
import { askClaude } from './turn/ask-claude.ts';
import { askOllama } from './turn/ask-ollama.ts';
import { NoSpecialistAvailableError } from './turn/NoSpecialistAvailableError.ts';
import { handoverCause, observedAttempt } from './turn/observed-attempt.ts';
import type {
  Attempt,
  TurnHooks,
  TurnOptions,
  TurnPorts,
  TurnRequest,
  TurnResult,
} from './turn/turn-types.ts';

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

    const { reason, chargedTokens, lacksBudget } = first.failure;
    const handover: Handover = {
      from: turn.agent,
      to: otherAgent(turn.agent),
      reason,
      chargedTokens,
      ...(lacksBudget && { lacksBudget }),
    };
    hooks.onHandover?.(handover);
    this.ports.onHandover?.(handover);
    this.ports.observe?.({
      type: 'handover',
      taskId: turn.taskId,
      atMs: this.ports.nowMs(),
      from: handover.from,
      to: handover.to,
      cause: handoverCause(first.failure),
    });
    this.ports.log.record({
      agent: handover.from,
      action: 'handover',
      taskId: turn.taskId,
      level: 'warn',
      input: { kind: turn.kind },
      output: { to: handover.to, reason, chargedTokens },
    });
    const second = await this.attempt(handover.to, turn, hooks);
    if (second.answered) return { ...second.result, handover };
    throw new NoSpecialistAvailableError([first.failure, second.failure]);
  }

  private async attempt(agent: AgentName, turn: TurnRequest, hooks: TurnHooks): Promise<Attempt> {
    if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason);
    const attempt = await observedAttempt(turn, hooks, this.ports, (watched) =>
      agent === 'claude-specialist'
        ? askClaude(turn, watched, this.options, this.ports)
        : askOllama(turn, watched, this.ports),
    );
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
}

function logged(result: Omit<TurnResult, 'handover'>): Record<string, unknown> {
  const { model, usage, chargedTokens, heldTokens, costUsd, latencyMs, message } = result;
  const stopReason = message.stop_reason;
  return {
    answer: message.content,
    model,
    ...usage,
    chargedTokens,
    heldTokens,
    costUsd,
    latencyMs,
    stopReason,
  };
}
