import { isLedgerTrouble } from '../errors.ts';
import type { MessagesRequest } from '../messages/types.ts';
import type { BudgetStatus, Ledger, Refusal, TurnOutcome } from '../state/Ledger.ts';
import { type Sleep, waitForHolds } from '../state/wait-for-holds.ts';
import { chooseMaxTokens } from './choose-max-tokens.ts';

export interface HoldsOptions {
  /** Longest wait for holds of other requests that stand in the way. */
  readonly waitMs: number;
}

export interface HoldsPorts {
  readonly ledger: Ledger;
  readonly sleep: Sleep;
  readonly nowMs: () => number;
  /** Told where the ledger cannot be written; the tokens stay held then. */
  readonly onProblem: (message: string) => void;
}

/** A request that wants tokens of the budget. */
export interface HoldRequest {
  readonly taskId: string;
  readonly request: MessagesRequest;
  /** Upper bound of its input; null where nobody can say without asking Claude. */
  readonly boundTokens: number | null;
  /** Asks Claude how many it counts, without charge; null where that fails. Called only where the bound does not fit. */
  readonly countInput: () => Promise<number | null>;
  /** Ends the wait for others' holds; asked for only where there is one. */
  readonly signal: () => AbortSignal;
}

/** Tokens in flight for one request. */
export interface Hold {
  readonly turnId: string;
  readonly reservationId: string;
  readonly kind: string;
  readonly heldTokens: number;
  /** What is to be sent as `max_tokens`. */
  readonly maxTokens: number;
  readonly remainingTokens: number;
  readonly startedAtMs: number;
}

export type HoldResult =
  | { readonly granted: true; readonly hold: Hold }
  | {
      readonly granted: false;
      /** A sentence without its full stop. */
      readonly reason: string;
      readonly remainingTokens: number;
      /** Input that was asked for, as bound or as counted. */
      readonly inputTokens: number | null;
    };

/** Holds tokens for requests, and settles them. */
export interface Holds {
  /** Durable when it resolves. Rejects only where the signal is aborted. */
  take(request: HoldRequest): Promise<HoldResult>;
  /** Replaces the hold by its outcome and frees the rest, in one commit. Never rejects. */
  settle(hold: Hold, outcome: TurnOutcome): Promise<void>;
  /** The least that any budget has left, as of at most a quarter of a second ago. */
  remainingTokens(): number;
}

/** Output below which a request is not worth sending to Claude. */
const usefulOutputTokens = 512;
const recentTurns = 50;
const maxKinds = 200;
const freshMs = 250;

/** One call of the ledger before a request is sent and one after it, nothing else: see performance in docs/gateway.md. */
export function createHolds(options: HoldsOptions, ports: HoldsPorts): Holds {
  const { ledger, nowMs } = ports;
  const recentByKind = new Map<string, number[]>();
  let remaining = 0;
  let readAtMs = Number.NEGATIVE_INFINITY;

  const note = (budgets: readonly BudgetStatus[]): number => {
    remaining = leastRemaining(budgets);
    readAtMs = nowMs();
    return remaining;
  };
  const remainingTokens = (): number => {
    const ageMs = nowMs() - readAtMs;
    return ageMs >= 0 && ageMs < freshMs ? remaining : note(ledger.snapshot());
  };
  const recentOf = async (kind: string): Promise<number[]> => {
    const known = recentByKind.get(kind);
    if (known !== undefined) return known;
    const recent = [...(await ledger.recentOutputTokens(kind, recentTurns))];
    if (recentByKind.size >= maxKinds) recentByKind.clear();
    recentByKind.set(kind, recent);
    return recent;
  };

  async function holdFor(inputTokens: number, wanted: HoldRequest): Promise<Hold | Refusal> {
    const { request, taskId, signal } = wanted;
    const useful = usefulOutput(request);
    const kind = kindOf(request);
    const known = recentByKind.get(kind);
    const output = chooseMaxTokens({
      asked: request.max_tokens,
      useful,
      recent: known ?? (await recentOf(kind)),
      remaining: Math.max(0, remainingTokens() - inputTokens),
    });
    const startedAtMs = nowMs();
    const amount = { atLeastTokens: inputTokens + useful, atMostTokens: inputTokens + output };
    const firstTurn = { model: request.model };
    const attempt = () => ledger.reserve({ taskId, kind, ...amount, firstTurn });
    let result = await attempt();
    if (!result.granted && result.cause === 'held') {
      result = await waitForHolds(attempt, { waitMs: options.waitMs, signal: signal() }, ports);
    }
    const remainingAfter = note(result.budgets);
    if (!result.granted) return result;
    if (result.firstTurn === undefined)
      throw new Error('A reservation came without its first turn; this is a bug');
    const { turnId, heldTokens } = result.firstTurn;
    return {
      turnId,
      reservationId: result.reservation.id,
      kind,
      heldTokens,
      maxTokens: heldTokens - inputTokens,
      remainingTokens: remainingAfter,
      startedAtMs,
    };
  }

  async function takeTokens(wanted: HoldRequest): Promise<HoldResult> {
    const { boundTokens, request } = wanted;
    let refusal: Refusal | null = null;
    if (boundTokens !== null) {
      const held = await holdFor(boundTokens, wanted);
      if (!('granted' in held)) return { granted: true, hold: held };
      refusal = held;
    }
    const mightFit = refusal === null || refusal.remainingTokens > usefulOutput(request);
    const counted = mightFit ? await wanted.countInput() : null;
    if (counted !== null && (boundTokens === null || counted < boundTokens)) {
      const held = await holdFor(counted, wanted);
      if (!('granted' in held)) return { granted: true, hold: held };
      refusal = held;
    }
    const inputTokens = counted ?? boundTokens;
    if (refusal === null) {
      const reason = 'Claude could not be asked how many tokens it counts for this request';
      return { granted: false, reason, remainingTokens: remainingTokens(), inputTokens };
    }
    const needed = (inputTokens ?? 0) + usefulOutput(request);
    const { remainingTokens: left } = refusal;
    return { granted: false, reason: reasonOf(refusal, needed), remainingTokens: left, inputTokens };
  }

  return {
    async take(wanted) {
      try {
        return await takeTokens(wanted);
      } catch (error) {
        if (!isLedgerTrouble(error)) throw error;
        ports.onProblem(error.message);
        const reason = `Claude is not asked without a ledger (${error.code})`;
        return { granted: false, reason, remainingTokens: 0, inputTokens: null };
      }
    },
    async settle(hold, outcome) {
      try {
        // Asked for in one tick, so both are in one transaction.
        const settled = ledger.settleTurn(hold.turnId, outcome);
        const closed = ledger.close(hold.reservationId, { isWholeTask: false });
        const [{ budgets }] = await Promise.all([settled, closed]);
        note(budgets);
      } catch (error) {
        ports.onProblem(
          `A turn could not be settled and stays charged at its hold of ${hold.heldTokens} tokens: ${String(error)}`,
        );
      }
      if (outcome.kind !== 'usage') return;
      const recent = recentByKind.get(hold.kind);
      recent?.unshift(outcome.usage.outputTokens);
      if (recent !== undefined && recent.length > recentTurns) recent.pop();
    },
    remainingTokens,
  };
}

/** What the ledger's estimates of output are grouped by: a model with tools writes other answers than one without. */
function kindOf({ model, tools }: MessagesRequest): string {
  return `gateway ${model.slice(0, 100)}${Array.isArray(tools) && tools.length > 0 ? ' with tools' : ''}`;
}

/** `thinking.budget_tokens` counts as output and must stay below `max_tokens`. */
function usefulOutput({ max_tokens: asked, thinking }: MessagesRequest): number {
  const budget = thinking?.type === 'enabled' ? Number(thinking.budget_tokens) : 0;
  const thinkingTokens = Number.isSafeInteger(budget) && budget > 0 ? budget : 0;
  return Math.min(asked, usefulOutputTokens + thinkingTokens);
}

function leastRemaining(budgets: readonly BudgetStatus[]): number {
  return budgets.reduce(
    (least, { remainingTokens }) => Math.min(least, remainingTokens),
    Number.MAX_SAFE_INTEGER,
  );
}

function reasonOf(refusal: Refusal, neededTokens: number): string {
  const need = `${refusal.remainingTokens} left, at least ${neededTokens} needed for this request`;
  if (refusal.cause === 'held') return `Token budget held by other running requests (${need})`;
  if (refusal.budgets.some((budget) => budget.exhausted))
    return 'Token budget exhausted - automatic downgrade to Ollama';
  return `Token budget too low (${need}) - automatic downgrade to Ollama`;
}
