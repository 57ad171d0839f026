import { fromApiUsage } from '../messages/token-usage.ts';
import type { ModelCall } from '../work-events.ts';
import type { OllamaOutcome } from './answer-with-ollama.ts';
import type { Hold } from './holds.ts';
import type { RelayOutcome } from './relay-claude.ts';

/** A call of the gateway to Claude, as those who measure are told of it. */
export function claudeCall(
  model: string,
  { maxTokens, heldTokens }: Hold,
  outcome: RelayOutcome,
  startedAtMs: number,
  endedAtMs: number,
): ModelCall {
  return {
    type: 'model-call',
    taskId: null,
    agent: 'claude-specialist',
    requestModel: model,
    // The answer passes through as bytes, of which only the usage is read.
    responseModel: null,
    responseId: null,
    stopReason: null,
    maxTokens,
    heldTokens,
    startedAtMs,
    endedAtMs,
    usage: outcome.kind === 'error-answer' ? null : (outcome.usage ?? null),
    errorType: claudeErrorType(outcome),
  };
}

/** A call of the gateway to Ollama; the rounds in which a conversation was shortened count as one. */
export function ollamaCall(
  model: string,
  maxTokens: number,
  outcome: OllamaOutcome,
  startedAtMs: number,
  endedAtMs: number,
): ModelCall {
  const message = outcome.kind === 'answered' ? outcome.message : null;
  const failure = outcome.kind === 'failed' ? outcome.failure : 'client-gone';
  return {
    type: 'model-call',
    taskId: null,
    agent: 'ollama-specialist',
    requestModel: model,
    responseModel: message?.model ?? null,
    responseId: message?.id ?? null,
    stopReason: message?.stop_reason ?? null,
    maxTokens,
    heldTokens: 0,
    startedAtMs,
    endedAtMs,
    usage: message && fromApiUsage(message.usage),
    errorType: message === null ? failure : null,
  };
}

function claudeErrorType(outcome: RelayOutcome): string | null {
  switch (outcome.kind) {
    case 'answered':
      return null;
    case 'error-answer':
      return String(outcome.answer.status);
    case 'broken':
      return 'stream-broken';
    case 'client-gone':
      return 'client-gone';
  }
}
