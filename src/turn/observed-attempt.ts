import { SpecialistError } from '../agents/Specialist.ts';
import { AbortedError } from '../errors.ts';
import type { HandoverCause, ModelCall } from '../work-events.ts';
import type { FailedAttempt } from './NoSpecialistAvailableError.ts';
import type { Attempt, TurnHooks, TurnPorts, TurnRequest, TurnStart } from './turn-types.ts';

/** Makes an attempt and tells the observer of what was sent for it, if anything was, however it ends. */
export async function observedAttempt(
  turn: TurnRequest,
  hooks: TurnHooks,
  { observe, nowMs }: TurnPorts,
  make: (hooks: TurnHooks) => Promise<Attempt>,
): Promise<Attempt> {
  if (!observe) return make(hooks);
  let sent: { readonly start: TurnStart; readonly atMs: number } | null = null;
  const end = (outcome: CallOutcome): void => {
    if (sent === null) return;
    const { agent, model, heldTokens, maxTokens } = sent.start;
    observe({
      type: 'model-call',
      taskId: turn.taskId,
      agent,
      requestModel: model,
      maxTokens,
      heldTokens,
      startedAtMs: sent.atMs,
      endedAtMs: nowMs(),
      ...outcome,
    });
  };
  try {
    const attempt = await make({
      ...hooks,
      onStart: (start) => {
        sent = { start, atMs: nowMs() };
        hooks.onStart?.(start);
      },
    });
    end(outcomeOf(attempt));
    return attempt;
  } catch (error) {
    end(unanswered(error instanceof AbortedError ? 'aborted' : '_OTHER'));
    throw error;
  }
}

/** Why a specialist did not answer, for machines. */
export function handoverCause({ lacksBudget, cause }: FailedAttempt): HandoverCause {
  if (lacksBudget) return 'budget';
  return cause instanceof SpecialistError ? cause.failure : 'not-asked';
}

type CallOutcome = Pick<ModelCall, 'responseModel' | 'responseId' | 'stopReason' | 'usage' | 'errorType'>;

function outcomeOf(attempt: Attempt): CallOutcome {
  if (!attempt.answered) return unanswered(handoverCause(attempt.failure));
  const { model, message, usage } = attempt.result;
  const { id: responseId, stop_reason: stopReason } = message;
  return { responseModel: model, responseId, stopReason, usage, errorType: null };
}

function unanswered(errorType: string): CallOutcome {
  return { responseModel: null, responseId: null, stopReason: null, usage: null, errorType };
}
