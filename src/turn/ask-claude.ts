import { SpecialistError } from '../agents/Specialist.ts';
import { AbortedError, isLedgerTrouble } from '../errors.ts';
import { formatTokens } from '../messages/format-tokens.ts';
import { fromApiUsage } from '../messages/token-usage.ts';
import type { Message } from '../messages/types.ts';
import type { SettleResult, TurnOutcome } from '../state/Ledger.ts';
import { tokenCostUsd } from '../state/token-cost.ts';
import { type HoldResult, holdTokens, type TurnHold } from './hold-tokens.ts';
import { logLedgerProblem } from './log-ledger-problem.ts';
import { outcomeOfError } from './outcome-of-error.ts';
import {
  type Attempt,
  failedAttempt,
  lackOfBudget,
  type TurnHooks,
  type TurnOptions,
  type TurnPorts,
  type TurnRequest,
} from './turn-types.ts';

/** Has Claude answer a turn: hold, send, settle. Claude is called only after its hold is durable. */
export async function askClaude(
  turn: TurnRequest,
  hooks: TurnHooks,
  options: TurnOptions,
  ports: TurnPorts,
): Promise<Attempt> {
  const startedAtMs = ports.nowMs();
  const pause = ports.coolDown.current();
  if (pause) {
    const until = new Date(pause.untilMs).toISOString();
    return failedAttempt('claude-specialist', `not tried before ${until} (${pause.reason})`);
  }
  const kept = turn.forced ? null : (ports.reserve?.() ?? null);
  if (kept) return failedAttempt('claude-specialist', kept.reason);
  const held = await tryHold(turn, hooks, options, ports);
  if (!held.granted) {
    return held.lacksBudget ? lackOfBudget(held.reason) : failedAttempt('claude-specialist', held.reason);
  }

  const { hold } = held;
  const sent = await send(turn, hooks, hold, ports);
  if ('error' in sent) return await settleFailure(turn, hooks, hold, sent, ports);
  return await settleAnswer(turn, hooks, hold, { message: sent.message, startedAtMs }, options, ports);
}

interface SendFailure {
  readonly error: unknown;
  readonly isSent: boolean;
}

async function tryHold(
  turn: TurnRequest,
  hooks: TurnHooks,
  { waitMs }: TurnOptions,
  ports: TurnPorts,
): Promise<HoldResult> {
  try {
    return await holdTokens({ ...turn, waitMs, signal: hooks.signal, onWait: hooks.onWait }, ports);
  } catch (error) {
    if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
    if (!isLedgerTrouble(error)) throw error;
    const problem = logLedgerProblem(turn, 'hold', { kind: turn.kind }, error, ports);
    return { granted: false, lacksBudget: false, reason: `Claude is not asked without a ledger: ${problem}` };
  }
}

async function send(
  turn: TurnRequest,
  hooks: TurnHooks,
  hold: TurnHold,
  { claude }: TurnPorts,
): Promise<{ readonly message: Message } | SendFailure> {
  let isSent = false;
  try {
    const { heldTokens, maxTokens } = hold;
    hooks.onStart?.({ agent: claude.agent, model: claude.model, heldTokens, maxTokens });
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

async function settleFailure(
  turn: TurnRequest,
  hooks: TurnHooks,
  hold: TurnHold,
  { error, isSent }: SendFailure,
  ports: TurnPorts,
): Promise<Attempt> {
  const notSent: TurnOutcome = { kind: 'not-charged', reason: 'it was never sent' };
  const settled = await settle(turn, hooks, hold, isSent ? outcomeOfError(error) : notSent, ports);
  if (hooks.signal.aborted) throw new AbortedError(hooks.signal.reason, error);
  if (!(error instanceof SpecialistError)) throw error;
  if (error.retryAfterMs !== undefined) ports.coolDown.open(error.retryAfterMs, error.message);
  const chargedTokens = settled?.chargedTokens ?? hold.heldTokens;
  return failedAttempt('claude-specialist', error.message, error, chargedTokens);
}

async function settleAnswer(
  turn: TurnRequest,
  hooks: TurnHooks,
  hold: TurnHold,
  { message, startedAtMs }: { readonly message: Message; readonly startedAtMs: number },
  { prices = [] }: TurnOptions,
  ports: TurnPorts,
): Promise<Attempt> {
  const usage = fromApiUsage(message.usage);
  const latencyMs = Math.max(0, ports.nowMs() - startedAtMs);
  const settled = await settle(turn, hooks, hold, { kind: 'usage', usage, latencyMs }, ports);
  if (settled && settled.aboveHoldTokens > 0) {
    const above = formatTokens(settled.aboveHoldTokens);
    hooks.onWarning?.(`Claude reported ${above} tokens more than were held for this turn; they are recorded`);
  }
  return {
    answered: true,
    result: {
      agent: 'claude-specialist',
      model: message.model,
      message,
      usage,
      latencyMs,
      heldTokens: hold.heldTokens,
      chargedTokens: settled?.chargedTokens ?? hold.heldTokens,
      costUsd: tokenCostUsd(usage, message.model, startedAtMs, prices),
      budgets: settled?.budgets ?? ports.ledger.snapshot(turn.scope),
    },
  };
}

/**
 * An answer is never lost for the ledger's sake: where it cannot be written any more, the turn stays charged at its hold, which is
 * durable, and the user is told. Null then.
 */
async function settle(
  turn: TurnRequest,
  hooks: TurnHooks,
  hold: TurnHold,
  outcome: TurnOutcome,
  ports: TurnPorts,
): Promise<SettleResult | null> {
  const { ledger } = ports;
  const { ownReservationId, turnId } = hold;
  try {
    if (ownReservationId === null) return await ledger.settleTurn(turnId, outcome);
    // Closed first, in the same commit, so that what the turn gives back is not kept for a next one.
    const closed = ledger.close(ownReservationId, { isWholeTask: false });
    const [settled] = await Promise.all([ledger.settleTurn(turnId, outcome), closed]);
    return settled;
  } catch (error) {
    const problem = logLedgerProblem(turn, 'settle', { turnId, ...outcome }, error, ports);
    const held = formatTokens(hold.heldTokens);
    hooks.onWarning?.(
      `The usage of this turn could not be recorded, so it stays charged at its hold of ${held} tokens: ${problem}`,
    );
    return null;
  }
}
