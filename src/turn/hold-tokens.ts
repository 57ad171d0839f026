import { withCountMargin } from '../agents/count-margin.ts';
import { turnsLookedAt } from '../agents/least-output-tokens.ts';
import type { Specialist } from '../agents/Specialist.ts';
import { formatTokens } from '../messages/format-tokens.ts';
import { inputBoundTokens } from '../messages/input-bound.ts';
import type { MessagesRequest } from '../messages/types.ts';
import type { BeginTurnResult, Ledger, Refusal, Scope } from '../state/Ledger.ts';
import { leftText, tokensLeft } from '../state/tokens-left.ts';
import { type Sleep, waitForHolds } from '../state/wait-for-holds.ts';
import { chooseOutputTokens } from './choose-output-tokens.ts';
import { usefulOutputTokens } from './useful-output-tokens.ts';

export interface HoldRequest {
  readonly taskId: string;
  readonly kind: string;
  readonly scope?: Scope;
  readonly request: MessagesRequest;
  readonly reservationId: string | null;
  /** As in `TurnRequest`. */
  readonly keepTokens?: number;
  readonly forced: boolean;
  readonly waitMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onWait: ((reason: string) => void) | undefined;
}

export interface HoldPorts {
  readonly ledger: Ledger;
  readonly claude: Specialist;
  readonly sleep: Sleep;
}

/** Tokens in flight for one turn. `heldTokens` is the input bound + `maxTokens`. */
export interface TurnHold {
  readonly turnId: string;
  readonly heldTokens: number;
  /** What is sent as `max_tokens`. */
  readonly maxTokens: number;
  /** A reservation made for this turn alone, which its owner closes; null where the task's own was used. */
  readonly ownReservationId: string | null;
}

export type HoldResult =
  | { readonly granted: true; readonly hold: TurnHold }
  /** Why Claude cannot have this turn, a sentence without its full stop. */
  | { readonly granted: false; readonly reason: string; readonly lacksBudget: boolean };

/**
 * Marks the tokens of one turn on Claude as in flight. The input is bounded by its bytes; where that does not fit, Claude is asked to
 * count, which is free. Where only holds of others stand in the way, it waits a short time for them to settle.
 */
export async function holdTokens(turn: HoldRequest, ports: HoldPorts): Promise<HoldResult> {
  const inputBound = inputBoundTokens(turn.request);
  const bound = inputBound.bounded ? inputBound.tokens : null;
  const recent = await ports.ledger.recentOutputTokens(turn.kind, turnsLookedAt);
  const usefulTokens = usefulOutputTokens(turn.request, recent);
  const output = { recent, usefulTokens };
  let refusal: Refusal | null = null;
  if (bound !== null) {
    const result = await holdFor(bound, output, turn, ports);
    if (!('refusal' in result)) return result;
    refusal = result.refusal;
  }
  const mightFit = refusal === null || refusal.remainingTokens > usefulTokens;
  const counted = mightFit ? await countInput(turn, ports) : null;
  if (counted !== null && (bound === null || counted < bound)) {
    const result = await holdFor(counted, output, turn, ports);
    if (!('refusal' in result)) return result;
    refusal = result.refusal;
  }
  if (refusal === null) {
    const part = inputBound.bounded ? 'this request' : inputBound.because;
    return {
      granted: false,
      lacksBudget: false,
      reason: `Claude could not be asked how many tokens it counts for ${part}`,
    };
  }
  return {
    granted: false,
    lacksBudget: true,
    reason: reasonOf(refusal, (counted ?? bound ?? 0) + usefulTokens),
  };
}

async function holdFor(
  inputTokens: number,
  { recent, usefulTokens }: { readonly recent: readonly number[]; readonly usefulTokens: number },
  turn: HoldRequest,
  ports: HoldPorts,
): Promise<HoldResult | { readonly refusal: Refusal }> {
  const budgets = await ports.ledger.status({ model: ports.claude.model, ...turn.scope });
  const remaining = Math.min(...budgets.map((budget) => tokensLeft(budget, inputTokens)));
  const outputTokens = chooseOutputTokens({
    asked: turn.request.max_tokens,
    useful: usefulTokens,
    recent,
    remaining: Math.max(0, remaining - inputTokens),
  });
  const amount = {
    inputTokens,
    atLeastTokens: inputTokens + usefulTokens,
    atMostTokens: inputTokens + outputTokens,
  };
  const begun = await begin(amount, turn, ports);
  if (!begun.result.granted) return { refusal: begun.result };
  const { turnId, heldTokens } = begun.result;
  const { ownReservationId } = begun;
  return {
    granted: true,
    hold: { turnId, heldTokens, maxTokens: heldTokens - inputTokens, ownReservationId },
  };
}

interface Amount {
  readonly inputTokens: number;
  readonly atLeastTokens: number;
  readonly atMostTokens: number;
}

/** Begins the turn in the task's reservation, or in one of its own where there is none that still counts. */
async function begin(
  amount: Amount,
  turn: HoldRequest,
  ports: HoldPorts,
): Promise<{ result: BeginTurnResult; ownReservationId: string | null }> {
  const { ledger, claude } = ports;
  const wait = {
    ...(turn.waitMs !== undefined && { waitMs: turn.waitMs }),
    signal: turn.signal,
    onWait: () => turn.onWait?.('the rest of the token budget is held by other requests'),
  };
  const { reservationId, keepTokens = 0 } = turn;
  if (reservationId !== null) {
    const attempt = () => ledger.beginTurn({ reservationId, ...amount, keepTokens, model: claude.model });
    const result = await waitForHolds(attempt, wait, ports);
    const isOver = !result.granted && (result.cause === 'window-passed' || result.cause === 'closed');
    if (result.granted || (!isOver && !turn.forced)) return { result, ownReservationId: null };
  }
  const { taskId, kind, scope } = turn;
  // Its one turn is begun with it, in the same commit.
  const own = { taskId, kind, ...amount, ...(scope && { scope }), firstTurn: { model: claude.model } };
  let reserved = await waitForHolds(() => ledger.reserve(own), wait, ports);
  if (!reserved.granted && turn.forced) reserved = await ledger.reserve({ ...own, forced: true });
  if (!reserved.granted) return { result: reserved, ownReservationId: null };
  const { reservation, firstTurn, budgets } = reserved;
  if (!firstTurn) throw new Error(`Reservation ${reservation.id} came without the turn that was asked for`);
  return { result: { granted: true, ...firstTurn, budgets }, ownReservationId: reservation.id };
}

async function countInput(turn: HoldRequest, { claude }: HoldPorts): Promise<number | null> {
  try {
    const counted = await claude.countInputTokens(turn.request, turn.signal);
    return counted === null ? null : withCountMargin(counted);
  } catch (error) {
    // Counting is an attempt to fit; where it fails, the bound's own refusal stands and is reported.
    if (turn.signal.aborted) throw error;
    return null;
  }
}

function reasonOf(refusal: Refusal, neededTokens: number): string {
  const need = `${leftText(refusal)}, at least ${formatTokens(neededTokens)} needed for this turn`;
  if (refusal.cause === 'held') return `Token budget held by other running requests (${need})`;
  const isExhausted = refusal.budgets.some((budget) => budget.exhausted);
  if (isExhausted) return 'Token budget exhausted - automatic downgrade to Ollama';
  return `Token budget too low (${need}) - automatic downgrade to Ollama`;
}
