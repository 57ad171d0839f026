import type { TeelammaError } from '../../errors.ts';
import { chargedTokens } from '../../messages/token-usage.ts';
import { holdAmount, holdRatesOf, type Rates, ratesOf, tokensThatFit, usageAmount } from '../amounts.ts';
import { budgetStatus, reachedThresholds } from '../budget-status.ts';
import { invalid, requireAmounts, requireUsage } from '../check-arguments.ts';
import { isCurrentWindow, isUsd } from '../current-window.ts';
import type {
  BeginTurnRequest,
  BudgetStatus,
  Closing,
  FreeTurn,
  ImportedUsage,
  Refusal,
  ReserveRequest,
  Scope,
  TurnOutcome,
} from '../Ledger.ts';
import { mergeScopes } from '../scope.ts';
import { generatedId, type ReservationRow, type TurnRow, turnState, type WindowRow } from './rows.ts';
import type { UnitOfWork } from './UnitOfWork.ts';

/**
 * The ledger's state machine, one function a transition, on the rows of a transaction. Each decides first and changes rows last,
 * so that a refusal or an invalid request leaves the rows as they were and the other operations of the transaction stand.
 *
 * Amounts by window stand beside the tokens only where a budget counts them differently (`rates`, in the order of the windows); else they
 * are null, and each window's amount is the tokens.
 */

/** What `reserve` did; null where its reservation was there before. */
export interface Reserved {
  readonly reservation: ReservationRow;
  readonly firstTurn: TurnRow | null;
}

/** Holds tokens in the current window of every budget that matches the scope, all or none; starts windows where there are none. */
export function reserve(
  work: UnitOfWork,
  request: ReserveRequest,
  given: Scope | null,
  ownerOf: (work: UnitOfWork) => number,
): Reserved | Refusal {
  const { atLeastTokens, inputTokens, forced = false, reservationId = null, firstTurn } = request;
  const atMostTokens = request.atMostTokens ?? atLeastTokens;
  requireAmounts(atLeastTokens, atMostTokens, inputTokens);
  if (reservationId !== null) {
    const known = work.findReservation(reservationId);
    const turnId = firstTurn?.turnId;
    if (known) return { reservation: known, firstTurn: turnId === undefined ? null : work.findTurn(turnId) };
    requireOwnId('r', 'reservationId', reservationId);
  }
  const firstTurnId = firstTurn?.turnId ?? null;
  if (firstTurnId !== null) requireOwnId('t', 'turnId', firstTurnId);
  if (firstTurnId !== null && work.findTurn(firstTurnId)) {
    throw invalid(`The turn id ${firstTurnId} is taken by an earlier turn. Give each turn an id of its own.`);
  }

  // Where nothing depends on it and nothing else is known, the row is kept short: the turn has the model.
  const isShort = !given && work.isUnscoped && work.isPlain;
  const scope = isShort ? null : mergeScopes(given, firstTurn && { model: firstTurn.model });
  const model = firstTurn?.model ?? scope?.model;
  const rates = work.ratesFor(scope, model);
  const left = leastRemaining(work.status(scope), rates, inputTokens);
  if (!forced && left.tokens < atLeastTokens) return refusal(work, scope, left, request, model);

  const owner = ownerOf(work);
  const grantedTokens = forced ? atMostTokens : Math.min(atMostTokens, left.tokens);
  const windows = work.useWindows(scope);
  const amounts = rates && holdAmounts(rates, grantedTokens, inputTokens);
  hold(work, windows, amounts ?? grantedTokens, forced);
  const reservation = work.addReservation({
    ownId: reservationId,
    owner,
    scope,
    windows: windows.map((window) => window.seq),
    taskId: request.taskId,
    kind: request.kind,
    forced,
    createdAtMs: work.nowMs,
    grantedTokens,
    unsentTokens: firstTurn ? 0 : grantedTokens,
    unsentAmounts: amounts && (firstTurn ? amounts.map(() => 0) : amounts),
    chargedTokens: 0,
    turns: 0,
    closedAtMs: null,
    isWholeTask: null,
  });
  if (amounts) work.touchReservation(reservation);
  if (!firstTurn) return { reservation, firstTurn: null };
  const turn = work.addTurn(firstTurnId, reservation.seq, grantedTokens, firstTurn.model);
  if (rates && amounts) work.writeAmounts(turn, { rates, hold: amounts, charged: amounts.map(() => 0) });
  return { reservation, firstTurn: turn };
}

/** Puts tokens of a reservation in flight, extending it where its free tokens, less those to keep, do not suffice. */
export function beginTurn(work: UnitOfWork, request: BeginTurnRequest): TurnRow | Refusal {
  const { reservationId, turnId = null, atLeastTokens, atMostTokens, keepTokens = 0, model } = request;
  const { inputTokens } = request;
  requireAmounts(atLeastTokens, atMostTokens, inputTokens);
  requireAmounts(keepTokens);
  const reservation = work.findReservation(reservationId);
  if (!reservation)
    throw invalid(`There is no reservation ${reservationId}. Reserve before beginning a turn.`);
  if (turnId !== null) {
    const known = work.findTurn(turnId);
    if (known && known.reservation === reservation.seq) return known;
    if (known)
      throw invalid(`The turn id ${turnId} is taken by another turn. Give each turn an id of its own.`);
    requireOwnId('t', 'turnId', turnId);
  }

  const { scope } = reservation;
  const left = () => leastRemaining(work.status(scope), work.ratesFor(scope, model), inputTokens);
  if (reservation.closedAtMs !== null) return refusal(work, scope, left(), request, model, 'closed');
  const windows = windowsOf(work, reservation);
  if (!windows.every((window) => isRunning(work, window))) {
    return refusal(work, scope, left(), request, model, 'window-passed');
  }
  const rates = ratesIn(work, reservation, windows, model);
  if (rates) return beginCounted(work, request, reservation, windows, rates);
  const inItsWindows = leastRemaining(statusOf(work, windows), null, undefined);
  const available = reservation.unsentTokens + inItsWindows.tokens;
  if (!reservation.forced && available < atLeastTokens) {
    return refusal(work, scope, { ...inItsWindows, tokens: available }, request, model);
  }

  const { forced, unsentTokens } = reservation;
  const wantedTokens = Math.max(atLeastTokens, available - keepTokens);
  const heldTokens = forced ? atMostTokens : Math.min(atMostTokens, wantedTokens);
  const beyondOwnTokens = heldTokens - Math.min(heldTokens, Math.max(0, unsentTokens - keepTokens));
  const extensionTokens = forced ? beyondOwnTokens : Math.min(beyondOwnTokens, inItsWindows.tokens);
  if (extensionTokens > 0) hold(work, windows, extensionTokens, forced);
  reservation.unsentTokens -= heldTokens - extensionTokens;
  work.touchReservation(reservation);
  return work.addTurn(turnId, reservation.seq, heldTokens, model);
}

/** The same where the windows count tokens differently: each is extended by what the turn counts there and is not held yet. */
function beginCounted(
  work: UnitOfWork,
  request: BeginTurnRequest,
  reservation: ReservationRow,
  windows: readonly WindowRow[],
  rates: readonly (Rates | null)[],
): TurnRow | Refusal {
  const { turnId = null, atLeastTokens, atMostTokens, inputTokens, keepTokens = 0, model } = request;
  const { forced, scope, unsentTokens } = reservation;
  const unsent = reservation.unsentAmounts ?? windows.map(() => unsentTokens);
  const kept = rates.map((one) => dearestAmount(one, keepTokens));
  const budgets = windows.map((window) => statusOf(work, [window])[0] ?? null);
  let available: Left = { tokens: Number.MAX_SAFE_INTEGER, budget: null };
  let mostTokens = Number.MAX_SAFE_INTEGER;
  for (const [index, budget] of budgets.entries()) {
    if (!budget) continue;
    const amount = budget.remainingTokens + at(unsent, index);
    const tokens = thatFit(rates[index], amount, inputTokens);
    if (tokens < available.tokens) available = { tokens, budget };
    const beside = Math.max(0, amount - at(kept, index));
    mostTokens = Math.min(mostTokens, thatFit(rates[index], beside, inputTokens));
  }
  if (!forced && available.tokens < atLeastTokens) return refusal(work, scope, available, request, model);

  const heldTokens = forced ? atMostTokens : Math.min(atMostTokens, Math.max(atLeastTokens, mostTokens));
  const amounts = holdAmounts(rates, heldTokens, inputTokens);
  // From what the reservation need not keep, then from the budget, and only then from what it should keep.
  const extensions = amounts.map((amount, index) => {
    const beyondOwn = Math.max(0, amount - Math.max(0, at(unsent, index) - at(kept, index)));
    const budget = budgets[index];
    return forced || !budget ? beyondOwn : Math.min(beyondOwn, budget.remainingTokens);
  });
  const own = amounts.map((amount, index) => amount - at(extensions, index));
  const isKept = own.every((amount, index) => amount <= Math.max(0, at(unsent, index) - at(kept, index)));
  hold(work, windows, extensions, forced);
  reservation.unsentAmounts = unsent.map((amount, index) => amount - at(own, index));
  const freeTokens = isKept ? Math.max(0, unsentTokens - keepTokens) : unsentTokens;
  reservation.unsentTokens -= Math.min(heldTokens, freeTokens);
  work.touchReservation(reservation);
  const turn = work.addTurn(turnId, reservation.seq, heldTokens, model);
  work.writeAmounts(turn, { rates, hold: amounts, charged: amounts.map(() => 0) });
  return turn;
}

/** Charge of a turn after `settleTurn`, and whether this call changed it. */
export interface Settled {
  /** Of its reservation; null where it is not known. */
  readonly scope: Scope | null;
  readonly changed: boolean;
  readonly chargedTokens: number;
  readonly aboveHoldTokens: number;
}

const nothingSettled: Settled = { scope: null, changed: false, chargedTokens: 0, aboveHoldTokens: 0 };

/** Replaces a turn's hold by its outcome; an assumed turn's charge only by reported usage. */
export function settleTurn(work: UnitOfWork, turnId: string, outcome: TurnOutcome): Settled {
  if (outcome.kind === 'usage') requireUsage(outcome.usage);
  const turn = work.findTurn(turnId);
  if (!turn || turn.reservation === null) return nothingSettled;
  const { state } = turn;
  const isOpen = state === turnState.inFlight || (state === turnState.assumed && outcome.kind === 'usage');
  const reservation = work.reservation(turn.reservation);
  if (!reservation) throw new Error(`Turn ${turnId} has no reservation row ${turn.reservation}`);
  const { scope } = reservation;
  if (!isOpen) {
    return { scope, changed: false, chargedTokens: turn.chargedTokens, aboveHoldTokens: aboveHold(turn) };
  }

  resolve(work, reservation, turn, outcome);
  const aboveHoldTokens = aboveHold(turn);
  if (aboveHoldTokens > 0 || isAboveHold(turn)) {
    const { holdTokens: heldTokens } = turn;
    work.events.push({ type: 'usage-above-hold', turnId, heldTokens, chargedTokens: turn.chargedTokens });
  }
  return { scope, changed: true, chargedTokens: turn.chargedTokens, aboveHoldTokens };
}

/** Records a turn that no budget pays for; a repeated id changes nothing. */
export function recordTurn(work: UnitOfWork, turn: FreeTurn, scope: Scope | null): void {
  requireUsage(turn.usage);
  requireOwnId('t', 'turnId', turn.turnId);
  work.addFreeTurn(turn, scope);
}

/** Frees what no turn holds; returns the freed tokens. */
export function closeReservation(work: UnitOfWork, reservation: ReservationRow, closing?: Closing): number {
  if (reservation.closedAtMs !== null) return 0;
  const freedTokens = reservation.unsentTokens;
  release(work, windowsOf(work, reservation), reservation.unsentAmounts ?? freedTokens, reservation.forced);
  reservation.unsentTokens = 0;
  if (reservation.unsentAmounts) reservation.unsentAmounts = reservation.unsentAmounts.map(() => 0);
  reservation.closedAtMs = work.nowMs;
  reservation.isWholeTask = closing?.isWholeTask ?? true;
  work.touchReservation(reservation);
  return freedTokens;
}

/** Charges every budget that matches the scope. */
export function charge(work: UnitOfWork, tokens: number, scope: Scope | null): void {
  requireAmounts(tokens);
  if (tokens === 0) return;
  const windows = work.useWindows(scope);
  const rates = work.ratesFor(scope, scope?.model);
  const amounts = rates && holdAmounts(rates, tokens, undefined);
  work.addCharge(tokens, windows, 'charge', amounts);
  windows.forEach((window, index) => {
    settle(work, window, at(amounts ?? tokens, index));
  });
}

/** Takes over an older installation's usage; false where the ledger was used or imported into before. */
export function importUsage(work: UnitOfWork, usage: ImportedUsage): boolean {
  requireAmounts(usage.usedTokens);
  const spec = work.budgets.find(({ name }) => name === usage.budgetName);
  if (!spec) throw unknownBudget(work, usage.budgetName);
  if (isUsd(spec) || work.isUsed() || usage.resetAtMs <= work.nowMs) return false;
  const startMs = spec.calendar ? work.nowMs : usage.resetAtMs - spec.windowMs;
  const window = work.useWindow(spec, '', startMs);
  work.addCharge(usage.usedTokens, [window], 'import', null);
  settle(work, window, usage.usedTokens);
  return true;
}

/** Ends the current windows of one budget, or of all, in each of their counters. */
export function resetWindows(work: UnitOfWork, budgetName: string | undefined): void {
  const specs = work.budgets.filter(({ name }) => budgetName === undefined || name === budgetName);
  if (specs.length === 0 && budgetName !== undefined) throw unknownBudget(work, budgetName);
  for (const { name } of specs) {
    for (const window of work.openWindowsOf(name)) work.endWindow(window);
  }
}

/** Ends a reservation whose owner is gone: its turns in flight stay charged, the rest is freed. */
export function abandon(
  work: UnitOfWork,
  reservation: ReservationRow,
  turns: readonly TurnRow[],
  reason: string,
): { readonly assumedTurns: number; readonly assumedTokens: number; readonly releasedTokens: number } {
  let assumedTurns = 0;
  let assumedTokens = 0;
  for (const turn of turns) {
    if (turn.state !== turnState.inFlight) continue;
    resolve(work, reservation, turn, { kind: 'unknown', reason });
    assumedTurns += 1;
    assumedTokens += turn.chargedTokens;
  }
  const releasedTokens = closeReservation(work, reservation, { isWholeTask: false });
  return { assumedTurns, assumedTokens, releasedTokens };
}

function resolve(work: UnitOfWork, reservation: ReservationRow, turn: TurnRow, outcome: TurnOutcome): void {
  const wasInFlight = turn.state === turnState.inFlight;
  const before = turn.chargedTokens;
  turn.chargedTokens = chargeOf(turn, outcome);
  turn.state = stateAfter(outcome);
  const isCharged = turn.state !== turnState.released;

  const windows = windowsOf(work, reservation);
  if (wasInFlight) release(work, windows, turn.amounts?.hold ?? turn.holdTokens, reservation.forced);
  const deltas = chargeAmounts(work, turn, outcome) ?? turn.chargedTokens - before;
  windows.forEach((window, index) => {
    const delta = at(deltas, index);
    if (reservation.forced) window.forcedTokens += delta;
    settle(work, window, delta);
  });
  reservation.chargedTokens += turn.chargedTokens - before;
  if (wasInFlight && isCharged) reservation.turns += 1;
  const { amounts } = turn;
  refill(work, reservation, windows, {
    tokens: (wasInFlight ? turn.holdTokens : before) - turn.chargedTokens,
    returned:
      amounts?.charged.map((charged, index) =>
        wasInFlight ? (amounts.hold[index] ?? 0) - charged : -at(deltas, index),
      ) ?? null,
    rates: amounts?.rates ?? null,
  });
  work.touchReservation(reservation);
  work.writeOutcome(turn, {
    usage: outcome.kind === 'usage' ? outcome.usage : null,
    latencyMs: outcome.kind === 'usage' ? (outcome.latencyMs ?? null) : null,
    reason: outcome.kind === 'usage' ? null : outcome.reason,
  });
}

/**
 * Holds again, for the turns that are still to come, what a turn gave back: up to what was granted and is neither charged nor free.
 * A forced reservation gets whatever it asks for, so nothing is kept from others for it. `returned`: by window, where they count
 * tokens differently; of it what the kept tokens can count there stays.
 */
function refill(
  work: UnitOfWork,
  reservation: ReservationRow,
  windows: readonly WindowRow[],
  { tokens, returned, rates }: Returned,
): void {
  const {
    grantedTokens,
    chargedTokens: charged,
    unsentTokens,
    unsentAmounts,
    closedAtMs,
    forced,
  } = reservation;
  const keptTokens = Math.min(tokens, grantedTokens - charged - unsentTokens);
  if (forced || closedAtMs !== null || keptTokens <= 0) return;
  const kept =
    returned?.map((amount, index) =>
      Math.min(Math.max(0, amount), dearestAmount(rates?.[index] ?? null, keptTokens)),
    ) ?? keptTokens;
  hold(work, windows, kept, false);
  reservation.unsentTokens += keptTokens;
  if (unsentAmounts) {
    reservation.unsentAmounts = unsentAmounts.map((amount, index) => amount + at(kept, index));
  }
}

/** What a turn gives back. */
interface Returned {
  readonly tokens: number;
  /** By window; null where it is the tokens in all of them. */
  readonly returned: readonly number[] | null;
  readonly rates: readonly (Rates | null)[] | null;
}

/** Charges a turn in each of its windows by the rates that it was held with; what that adds to each. Null where the tokens do. */
function chargeAmounts(work: UnitOfWork, turn: TurnRow, outcome: TurnOutcome): readonly number[] | null {
  const { amounts } = turn;
  if (!amounts) return null;
  const charged = amounts.hold.map((held, index) => {
    if (outcome.kind === 'unknown') return held;
    if (outcome.kind === 'not-charged') return 0;
    const rates = amounts.rates[index];
    return rates ? usageAmount(rates, outcome.usage) : chargedTokens(outcome.usage);
  });
  const deltas = charged.map((amount, index) => amount - (amounts.charged[index] ?? 0));
  work.writeAmounts(turn, { ...amounts, charged });
  return deltas;
}

function chargeOf(turn: TurnRow, outcome: TurnOutcome): number {
  if (outcome.kind === 'usage') return chargedTokens(outcome.usage);
  return outcome.kind === 'unknown' ? turn.holdTokens : 0;
}

function stateAfter(outcome: TurnOutcome): TurnRow['state'] {
  if (outcome.kind === 'usage') return turnState.settled;
  return outcome.kind === 'unknown' ? turnState.assumed : turnState.released;
}

function aboveHold(turn: TurnRow): number {
  return Math.max(0, turn.chargedTokens - turn.holdTokens);
}

/** Whether a turn counts more in a window than it held there, which the dearer kinds can do where the tokens do not. */
function isAboveHold({ amounts }: TurnRow): boolean {
  return amounts?.charged.some((charged, index) => charged > (amounts.hold[index] ?? 0)) ?? false;
}

/** One amount for all windows, or one for each. */
type Amounts = number | readonly number[];

function at(amounts: Amounts, index: number): number {
  return typeof amounts === 'number' ? amounts : (amounts[index] ?? 0);
}

function hold(work: UnitOfWork, windows: readonly WindowRow[], amounts: Amounts, forced: boolean): void {
  windows.forEach((window, index) => {
    const amount = at(amounts, index);
    window.heldTokens += amount;
    if (forced) window.forcedTokens += amount;
    work.touchWindow(window);
  });
}

function release(work: UnitOfWork, windows: readonly WindowRow[], amounts: Amounts, forced: boolean): void {
  if (amounts === 0) return;
  windows.forEach((window, index) => {
    const amount = at(amounts, index);
    window.heldTokens -= amount;
    if (forced) window.forcedTokens -= amount;
    work.touchWindow(window);
  });
}

function holdAmounts(
  rates: readonly (Rates | null)[],
  tokens: number,
  inputTokens: number | undefined,
): number[] {
  return rates.map((one) => holdAmount(one && holdRatesOf(one, inputTokens), tokens, inputTokens));
}

function dearestAmount(rates: Rates | null, tokens: number): number {
  return holdAmount(rates && holdRatesOf(rates, undefined), tokens);
}

function thatFit(rates: Rates | null | undefined, amount: number, inputTokens: number | undefined): number {
  return rates ? tokensThatFit(holdRatesOf(rates, inputTokens), amount, inputTokens) : amount;
}

/** What a turn of the model counts in each window of its reservation; null where the tokens themselves in all of them. */
function ratesIn(
  work: UnitOfWork,
  reservation: ReservationRow,
  windows: readonly WindowRow[],
  model: string,
): (Rates | null)[] | null {
  if (work.isPlain && !reservation.unsentAmounts) return null;
  const rates = windows.map(({ budget }) => {
    const spec = work.budgets.find(({ name }) => name === budget);
    return ratesOf(spec?.counts, model, work.nowMs);
  });
  return reservation.unsentAmounts || rates.some((one) => one !== null) ? rates : null;
}

/** Adds to a window's settled tokens (a correction may be negative) and fires the thresholds that they reach while it runs. */
function settle(work: UnitOfWork, window: WindowRow, tokens: number): void {
  window.settledTokens += tokens;
  work.touchWindow(window);
  const spec = work.budgets.find(({ name }) => name === window.budget);
  if (!spec || !isRunning(work, window)) return;
  for (const percent of reachedThresholds(spec, window.settledTokens, window.firedPercent)) {
    window.firedPercent = percent;
    work.events.push({ type: 'threshold', budget: budgetStatus(spec, window, work.nowMs), percent });
  }
}

function windowsOf(work: UnitOfWork, reservation: ReservationRow): WindowRow[] {
  return reservation.windows.map((seq) => {
    const window = work.window(seq);
    if (!window) throw new Error(`Reservation row ${reservation.seq} names window ${seq}, which is missing`);
    return window;
  });
}

/** Whether a window is its budget's current one. A budget that is no longer configured limits nothing, so its windows run on. */
function isRunning(work: UnitOfWork, window: WindowRow): boolean {
  const spec = work.budgets.find(({ name }) => name === window.budget);
  return spec ? isCurrentWindow(spec, window, work.nowMs) : !window.ended;
}

function statusOf(work: UnitOfWork, windows: readonly WindowRow[]): BudgetStatus[] {
  return windows.flatMap((window) => {
    const spec = work.budgets.find(({ name }) => name === window.budget);
    return spec ? [budgetStatus(spec, window, work.nowMs)] : [];
  });
}

interface Left {
  readonly tokens: number;
  readonly budget: BudgetStatus | null;
}

/** `rates` in the order of the budgets; null where each token counts one in all of them. */
function leastRemaining(
  budgets: readonly BudgetStatus[],
  rates: readonly (Rates | null)[] | null,
  inputTokens: number | undefined,
): Left {
  let left: Left = { tokens: Number.MAX_SAFE_INTEGER, budget: null };
  for (const [index, budget] of budgets.entries()) {
    const { remainingTokens } = budget;
    const tokens = rates ? thatFit(rates[index], remainingTokens, inputTokens) : remainingTokens;
    if (tokens < left.tokens) left = { tokens, budget };
  }
  return left;
}

function refusal(
  work: UnitOfWork,
  scope: Scope | null,
  left: Left,
  { atLeastTokens, inputTokens }: Pick<ReserveRequest, 'atLeastTokens' | 'inputTokens'>,
  model: string | undefined,
  cause?: Refusal['cause'],
): Refusal {
  const budgets = work.status(scope);
  const rates = work.ratesFor(scope, model);
  const freeable = budgets.every(({ limitTokens, settledTokens }, index) => {
    const free = Math.max(0, limitTokens - settledTokens);
    return thatFit(rates?.[index], free, inputTokens) >= atLeastTokens;
  });
  return {
    granted: false,
    remainingTokens: left.budget ? left.tokens : 0,
    bindingBudget: left.budget?.name ?? '',
    cause: cause ?? (freeable ? 'held' : 'spent'),
    budgets,
  };
}

function requireOwnId(prefix: 'r' | 't', field: string, id: string): void {
  if (id === '' || generatedId.seqOf(prefix, id) !== null) {
    throw invalid(
      `The ${field} "${id}" is not a free choice: ids like ${prefix}17 are made by the ledger. Use, for example, a UUID.`,
    );
  }
}

function unknownBudget(work: UnitOfWork, name: string): TeelammaError {
  const names = work.budgets.map((spec) => spec.name).join(', ') || 'none';
  return invalid(`There is no budget "${name}". Configured: ${names}.`);
}
