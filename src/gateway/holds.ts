import { isLedgerTrouble } from '../errors.ts';
import type { MessagesRequest } from '../messages/types.ts';
import type { BudgetStatus, Ledger, Refusal, Scope, TurnOutcome } from '../state/Ledger.ts';
import { leftText, tokensLeft } from '../state/tokens-left.ts';
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
  /** What it is for: budgets may match on it. */
  readonly scope: Scope;
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
  readonly scope: Scope;
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
  /** The least that any budget for this scope has left, as of at most a quarter of a second ago. */
  remainingTokens(scope: Scope): number;
}

/** Output below which a request is not worth sending to Claude. */
const usefulOutputTokens = 512;
const recentTurns = 50;
const maxKinds = 200;
const maxScopes = 1_000;
const freshMs = 250;
/** A settlement waits so long for others, and for the next reservation, to share a commit with; its hold is durable meanwhile. */
const settleDelayMs = 3;

/** What a scope's budgets had left. */
interface Remaining {
  readonly tokens: number;
  /** Null where each counts tokens one by one, so that `tokens` says it all. */
  readonly budgets: readonly BudgetStatus[] | null;
  readonly readAtMs: number;
}

interface Ended {
  readonly hold: Hold;
  readonly outcome: TurnOutcome;
  readonly resolve: () => void;
}

/** One call of the ledger before a request is sent and one after it, which waits for others to share its commit; nothing else. */
export function createHolds(options: HoldsOptions, ports: HoldsPorts): Holds {
  const { ledger, nowMs } = ports;
  const recentByKind = new Map<string, number[]>();
  const ended: Ended[] = [];
  let timer: NodeJS.Timeout | undefined;
  const remainingByScope = new Map<string, Remaining>();

  const note = (budgets: readonly BudgetStatus[], scope: Scope): number => {
    const tokens = leastRemaining(budgets, 0);
    if (remainingByScope.size >= maxScopes) remainingByScope.clear();
    const isPlain = budgets.every(({ tokenRates }) => tokenRates === undefined);
    remainingByScope.set(nameOf(scope), { tokens, budgets: isPlain ? null : budgets, readAtMs: nowMs() });
    return tokens;
  };
  const remainingTokens = (scope: Scope, inputTokens = 0): number => {
    const known = remainingByScope.get(nameOf(scope));
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs() - known.readAtMs;
    if (known === undefined || ageMs < 0 || ageMs >= freshMs) note(ledger.snapshot(scope), scope);
    const { tokens, budgets } = remainingByScope.get(nameOf(scope)) ?? { tokens: 0, budgets: null };
    return budgets === null || inputTokens === 0 ? tokens : leastRemaining(budgets, inputTokens);
  };
  const recentOf = async (kind: string): Promise<number[]> => {
    const known = recentByKind.get(kind);
    if (known !== undefined) return known;
    const recent = [...(await ledger.recentOutputTokens(kind, recentTurns))];
    if (recentByKind.size >= maxKinds) recentByKind.clear();
    recentByKind.set(kind, recent);
    return recent;
  };

  /** Calls of one tick share a transaction, so all that has ended costs one commit, or none beside a reservation. */
  function settleEnded(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const { hold, outcome, resolve } of ended.splice(0)) void settleOne(hold, outcome).then(resolve);
  }

  async function settleOne(hold: Hold, outcome: TurnOutcome): Promise<void> {
    const { turnId, reservationId, heldTokens, scope } = hold;
    try {
      // Closed first, so that what the turn gives back goes to the budgets and is not kept for a next turn.
      const closed = ledger.close(reservationId, { isWholeTask: false });
      const settled = ledger.settleTurn(turnId, outcome);
      const [{ budgets }] = await Promise.all([settled, closed]);
      note(budgets, scope);
    } catch (error) {
      ports.onProblem(
        `A turn could not be settled and stays charged at its hold of ${heldTokens} tokens: ${String(error)}`,
      );
    }
  }

  async function holdFor(inputTokens: number, wanted: HoldRequest): Promise<Hold | Refusal> {
    const { request, taskId, scope, signal } = wanted;
    const useful = usefulOutput(request);
    const kind = kindOf(request);
    const known = recentByKind.get(kind);
    const output = chooseMaxTokens({
      asked: request.max_tokens,
      useful,
      recent: known ?? (await recentOf(kind)),
      remaining: Math.max(0, remainingTokens(scope, inputTokens) - inputTokens),
    });
    const startedAtMs = nowMs();
    const amount = {
      inputTokens,
      atLeastTokens: inputTokens + useful,
      atMostTokens: inputTokens + output,
    };
    const firstTurn = { model: request.model };
    const attempt = () => {
      if (ended.length > 0) settleEnded();
      return ledger.reserve({ taskId, kind, scope, ...amount, firstTurn });
    };
    let result = await attempt();
    if (!result.granted && result.cause === 'held') {
      result = await waitForHolds(attempt, { waitMs: options.waitMs, signal: signal() }, ports);
    }
    const remainingAfter = note(result.budgets, scope);
    if (!result.granted) return result;
    if (result.firstTurn === undefined)
      throw new Error('A reservation came without its first turn; this is a bug');
    const { turnId, heldTokens } = result.firstTurn;
    return {
      turnId,
      reservationId: result.reservation.id,
      kind,
      scope,
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
      return { granted: false, reason, remainingTokens: remainingTokens(wanted.scope), inputTokens };
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
    settle(hold, outcome) {
      if (outcome.kind === 'usage') {
        const recent = recentByKind.get(hold.kind);
        recent?.unshift(outcome.usage.outputTokens);
        if (recent !== undefined && recent.length > recentTurns) recent.pop();
      }
      return new Promise((resolve) => {
        ended.push({ hold, outcome, resolve });
        timer ??= setTimeout(settleEnded, settleDelayMs);
      });
    },
    remainingTokens,
  };
}

function nameOf({ model, user, project }: Scope): string {
  return `${model}\n${user}\n${project}`;
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

/** Tokens that every budget has room for, so many of them input. */
function leastRemaining(budgets: readonly BudgetStatus[], inputTokens: number): number {
  return budgets.reduce(
    (least, budget) => Math.min(least, tokensLeft(budget, inputTokens)),
    Number.MAX_SAFE_INTEGER,
  );
}

function reasonOf(refusal: Refusal, neededTokens: number): string {
  const need = `${leftText(refusal, String)}, at least ${neededTokens} needed for this request`;
  if (refusal.cause === 'held') return `Token budget held by other running requests (${need})`;
  if (refusal.budgets.some((budget) => budget.exhausted))
    return 'Token budget exhausted - automatic downgrade to Ollama';
  return `Token budget too low (${need}) - automatic downgrade to Ollama`;
}
