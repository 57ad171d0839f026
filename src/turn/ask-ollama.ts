import { SpecialistError } from '../agents/Specialist.ts';
import { AbortedError } from '../errors.ts';
import { fromApiUsage } from '../messages/token-usage.ts';
import type { Message } from '../messages/types.ts';
import { logLedgerProblem } from './log-ledger-problem.ts';
import {
  type Attempt,
  failedAttempt,
  type TurnHooks,
  type TurnPorts,
  type TurnRequest,
} from './turn-types.ts';

/** Has Ollama answer a turn. No budget pays for it; the ledger records it for the history. */
export async function askOllama(turn: TurnRequest, hooks: TurnHooks, ports: TurnPorts): Promise<Attempt> {
  const { ledger, ollama, newId, nowMs } = ports;
  const startedAtMs = nowMs();
  const { max_tokens: maxTokens } = turn.request;
  hooks.onStart?.({ agent: ollama.agent, model: ollama.model, heldTokens: 0, maxTokens });
  let message: Message;
  try {
    message = await ollama.send(turn.request, {
      signal: hooks.signal,
      onEvent: (event) => hooks.onEvent?.(ollama.agent, event),
    });
  } catch (error) {
    if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
    if (!(error instanceof SpecialistError)) throw error;
    return failedAttempt('ollama-specialist', error.message, error);
  }
  const { agent } = ollama;
  const { model } = message;
  const usage = fromApiUsage(message.usage);
  const latencyMs = Math.max(0, nowMs() - startedAtMs);
  const { taskId, kind, scope } = turn;
  const known = { turnId: newId(), taskId, kind, agent, model, usage, latencyMs };
  // The model in a scope is Claude's: it is what budgets match on.
  const { model: _claude, ...rest } = scope ?? {};
  const record = { ...known, ...(scope && { scope: rest }) };
  try {
    await ledger.recordTurn(record);
  } catch (error) {
    const problem = logLedgerProblem(turn, 'record', record, error, ports);
    hooks.onWarning?.(`The usage of this turn on Ollama could not be recorded: ${problem}`);
  }
  const budgets = ledger.snapshot(scope);
  const unpaid = { chargedTokens: 0, heldTokens: 0, costUsd: 0 };
  const result = { agent, model, message, usage, ...unpaid, latencyMs, budgets };
  return { answered: true, result };
}
