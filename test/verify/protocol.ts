/**
 * The ledger's protocol as a small model: processes that each do one task over one budget, a provider that charges, a clock that ends the
 * window, crashes between any two steps, and recovery by whoever lives. Pure: a state, and the steps that may come next. The rules are
 * those of src/state/sqlite/operations.ts and Owner.ts; `replay.ts` runs schedules of the model on the real ones and compares.
 *
 * Not in it, because the property test and the contract suite have them: several budgets, forced reservations, `charge`, `reset`.
 */

/** One task and its life. Numbers are tokens unless they are indexes. */
export interface Process {
  readonly at:
    | 'start'
    | 'checked'
    | 'reserved'
    | 'sent-early'
    | 'begun'
    | 'sent'
    | 'answered'
    | 'settled'
    | 'over'
    | 'left'
    | 'dead';
  /** Whether its sign of life is gone although it lives: a connection to Postgres was cut. */
  readonly isCut: boolean;
  /** Whether somebody ended its owner row: recovery, or itself when it left. */
  readonly isEnded: boolean;
  /** Who holds its lock now, among those who recover; -1: nobody. */
  readonly lockedBy: number;
  readonly reservation: {
    readonly window: number;
    readonly granted: number;
    readonly unsent: number;
    readonly charged: number;
    readonly isClosed: boolean;
  } | null;
  readonly turns: readonly Turn[];
  readonly recovery: {
    readonly of: number;
    readonly stage: 'listed' | 'taken' | 'resolved';
    /** What was open when the rows were read. */
    readonly seenUnsent: number;
    readonly seenInFlight: readonly number[];
  } | null;
  /** How often the last outcome was written. */
  readonly settles: number;
}

export interface Turn {
  readonly hold: number;
  readonly state: 'in-flight' | 'settled' | 'assumed' | 'released';
  readonly charged: number;
  /** The ground truth: what the provider charged; -1: it was not sent. */
  readonly provider: number;
  /** What the process knows of it and will write. */
  readonly outcome: 'usage' | 'unknown' | 'not-charged' | null;
}

export interface State {
  /** Index of the current window. */
  readonly window: number;
  readonly sums: readonly { readonly settled: number; readonly held: number }[];
  readonly processes: readonly Process[];
}

/** A rule that is broken on purpose, to see that the invariants notice. */
export type Mutation =
  | 'no-in-flight-mark'
  | 'send-before-hold'
  | 'recovery-frees-in-flight'
  | 'holds-expire'
  | 'settle-counts-twice'
  | 'recovery-trusts-what-it-saw'
  | 'check-before-the-lock'
  | 'unknown-is-free';

export interface Protocol {
  readonly limit: number;
  /** Turns that each process may make, one entry a process. */
  readonly turns: readonly number[];
  /** Least and most that a task reserves, and that a turn holds. */
  readonly reserve: readonly [atLeast: number, atMost: number];
  readonly hold: readonly [atLeast: number, atMost: number];
  /** Windows that end during a run. */
  readonly windowEnds: number;
  /** Whether connections may be cut, as on Postgres. */
  readonly cuts: boolean;
  readonly mutation?: Mutation;
}

export interface Step {
  /** Which process; -1: the clock. */
  readonly who: number;
  readonly name: StepName;
  /** Usage that the provider charges, or the process that is recovered. */
  readonly value?: number;
}

export type StepName =
  | 'reserve'
  | 'check'
  | 'begin'
  | 'send'
  | 'answer'
  | 'lose-answer'
  | 'refuse'
  | 'settle'
  | 'go-on'
  | 'close'
  | 'leave'
  | 'crash'
  | 'cut'
  | 'list'
  | 'take'
  | 'resolve'
  | 'release'
  | 'expire'
  | 'window-ends';

export function initialState({ turns }: Protocol): State {
  return { window: 0, sums: [{ settled: 0, held: 0 }], processes: turns.map(() => fresh) };
}

const fresh: Process = {
  at: 'start',
  isCut: false,
  isEnded: false,
  lockedBy: -1,
  reservation: null,
  turns: [],
  recovery: null,
  settles: 0,
};

/** Every step that may come next, with the state that it leads to. */
export function nextSteps(protocol: Protocol, state: State): [Step, State][] {
  const next: [Step, State][] = [];
  for (const who of state.processes.keys()) {
    for (const [name, after, value] of stepsOf(protocol, state, who)) {
      next.push([value === undefined ? { who, name } : { who, name, value }, after]);
    }
  }
  if (state.window < protocol.windowEnds) {
    const after = { ...state, window: state.window + 1, sums: [...state.sums, { settled: 0, held: 0 }] };
    next.push([{ who: -1, name: 'window-ends' }, after]);
  }
  return next;
}

type Next = [name: StepName, after: State, value?: number];

function* stepsOf(protocol: Protocol, state: State, who: number): Generator<Next> {
  const { at, isCut } = get(state, who);
  if (at === 'dead' || at === 'left') return;
  yield* taskSteps(protocol, state, who);
  yield* recoverySteps(protocol, state, who);
  yield ['crash', crash(state, who)];
  if (protocol.cuts && !isCut && at !== 'start') yield ['cut', set(state, who, { isCut: true })];
  if (protocol.mutation === 'holds-expire' && openTurn(state, who))
    yield ['expire', endTurn(state, who, get(state, who).turns.length - 1, 'released', 0)];
}

function* taskSteps(protocol: Protocol, state: State, who: number): Generator<Next> {
  const { mutation } = protocol;
  const me = get(state, who);
  switch (me.at) {
    case 'start':
      if (mutation === 'check-before-the-lock') {
        const fits = left(protocol, state, state.window) >= protocol.reserve[0];
        yield ['check', set(state, who, { at: fits ? 'checked' : 'over' })];
      } else yield ['reserve', reserve(protocol, state, who)];
      return;
    case 'checked':
      yield ['reserve', reserve({ ...protocol, limit: Number.MAX_SAFE_INTEGER }, state, who)];
      return;
    case 'reserved':
      if (mutation === 'send-before-hold' && me.turns.length === 0) {
        yield ['send', set(state, who, { at: 'sent-early', turns: [...me.turns, earlyTurn(protocol)] })];
      } else yield ['begin', begin(protocol, state, who)];
      return;
    case 'sent-early':
      yield ['begin', holdEarlyTurn(state, who)];
      return;
    case 'begun': {
      const { hold } = lastTurn(me);
      for (const usage of new Set([1, hold]))
        yield ['send', setTurn(state, who, { provider: usage }, 'sent'), usage];
      yield ['refuse', setTurn(state, who, { outcome: 'not-charged' }, 'answered')];
      return;
    }
    case 'sent':
      yield ['answer', setTurn(state, who, { outcome: 'usage' }, 'answered')];
      yield ['lose-answer', setTurn(state, who, { outcome: 'unknown' }, 'answered')];
      return;
    case 'answered':
      yield ['settle', settle(protocol, state, who)];
      return;
    case 'settled':
      // The answer of the ledger was lost: the same outcome is written once more.
      if (me.settles < 2) yield ['settle', settle(protocol, state, who)];
      if (me.turns.length < (protocol.turns[who] ?? 0))
        yield ['go-on', set(state, who, { at: 'reserved', settles: 0 })];
      yield ['close', set(close(state, who), who, { at: 'over', settles: 0 })];
      return;
    case 'over':
      if (me.recovery === null && me.lockedBy < 0)
        yield ['leave', set(abandon(state, who), who, { at: 'left', isEnded: true })];
      return;
    default:
  }
}

/** Two commits and what lies between them: list who has no end, take the lock of one that is gone and read its rows, resolve, release. */
function* recoverySteps(protocol: Protocol, state: State, who: number): Generator<Next> {
  const { recovery } = get(state, who);
  if (recovery === null) {
    for (const of of state.processes.keys()) {
      const other = get(state, of);
      const isGone = other.at === 'dead' || (other.isCut && other.at !== 'left');
      if (of === who || !isGone || other.isEnded || other.reservation === null) continue;
      yield ['list', setRecovery(state, who, { of, stage: 'listed', seenUnsent: 0, seenInFlight: [] }), of];
    }
    return;
  }
  const { of, stage } = recovery;
  const other = get(state, of);
  if (stage === 'listed') {
    if (other.lockedBy >= 0) return;
    const seenInFlight = other.turns.flatMap(({ state: turn }, index) =>
      turn === 'in-flight' ? [index] : [],
    );
    const seenUnsent = other.reservation?.unsent ?? 0;
    const taken = setRecovery(state, who, { of, stage: 'taken', seenUnsent, seenInFlight });
    yield ['take', set(taken, of, { lockedBy: who }), of];
  } else if (stage === 'taken') {
    const resolved = setRecovery(resolveOwner(protocol, state, who), who, { ...recovery, stage: 'resolved' });
    yield ['resolve', resolved, of];
  } else {
    yield ['release', set(setRecovery(state, who, null), of, { lockedBy: -1 }), of];
  }
}

function resolveOwner(protocol: Protocol, state: State, who: number): State {
  const { recovery } = get(state, who);
  if (recovery === null) return state;
  const { of, seenUnsent, seenInFlight } = recovery;
  if (protocol.mutation === 'recovery-trusts-what-it-saw') {
    let after = addHeld(state, windowOf(state, of), -seenUnsent);
    for (const index of seenInFlight) after = endTurn(after, of, index, 'assumed', holdOf(state, of, index));
    return set(after, of, { isEnded: true });
  }
  if (get(state, of).isEnded) return state;
  const after =
    protocol.mutation === 'recovery-frees-in-flight'
      ? seenInFlight.reduce((s, index) => endTurn(s, of, index, 'released', 0), state)
      : state;
  return set(abandon(after, of), of, { isEnded: true });
}

function reserve(protocol: Protocol, state: State, who: number): State {
  const [atLeast, atMost] = protocol.reserve;
  const { window } = state;
  const free = left(protocol, state, window);
  if (free < atLeast) return set(state, who, { at: 'over' });
  const granted = Math.min(atMost, free);
  const reservation = { window, granted, unsent: granted, charged: 0, isClosed: false };
  return addHeld(set(state, who, { at: 'reserved', reservation }), window, granted);
}

function begin(protocol: Protocol, state: State, who: number): State {
  const { reservation, turns } = get(state, who);
  if (!reservation) return state;
  const [atLeast, atMost] = protocol.hold;
  const available = reservation.unsent + left(protocol, state, reservation.window);
  if (reservation.isClosed || reservation.window !== state.window || available < atLeast)
    return set(close(state, who), who, { at: 'over' });
  const hold = Math.min(atMost, available);
  const extension = Math.max(0, hold - reservation.unsent);
  const turn: Turn = { hold, state: 'in-flight', charged: 0, provider: -1, outcome: null };
  if (protocol.mutation === 'no-in-flight-mark') {
    // The tokens are held, but nothing says that they are about to be sent: they stay among the free ones of the reservation.
    const unsent = reservation.unsent + extension;
    const unmarked = {
      at: 'begun',
      reservation: { ...reservation, unsent },
      turns: [...turns, { ...turn, state: 'released' }],
    } as const;
    return addHeld(set(state, who, unmarked), reservation.window, extension);
  }
  const unsent = reservation.unsent - (hold - extension);
  const begun = { at: 'begun', reservation: { ...reservation, unsent }, turns: [...turns, turn] } as const;
  return addHeld(set(state, who, begun), reservation.window, extension);
}

/** What the process itself writes when it knows how a turn ended. */
function settle(protocol: Protocol, state: State, who: number): State {
  const me = get(state, who);
  const index = me.turns.length - 1;
  const turn = lastTurn(me);
  const counted = set(state, who, { at: 'settled', settles: me.settles + 1 });
  const usage = Math.max(0, turn.provider);
  const isOpen = turn.state === 'in-flight' || (turn.state === 'assumed' && turn.outcome === 'usage');
  if (protocol.mutation === 'no-in-flight-mark' && turn.state === 'released' && me.settles === 0) {
    const charge = turn.outcome === 'unknown' ? turn.hold : usage;
    const unsent = Math.max(0, (me.reservation?.unsent ?? 0) - charge);
    return addSettled(
      setReservation(addHeld(counted, windowOf(state, who), -charge), who, { unsent }),
      windowOf(state, who),
      charge,
    );
  }
  if (protocol.mutation === 'settle-counts-twice' && turn.state === 'settled')
    return endTurn(counted, who, index, 'settled', turn.charged + usage);
  if (!isOpen) return counted;
  if (turn.outcome === 'usage') return endTurn(counted, who, index, 'settled', usage);
  if (turn.outcome === 'unknown' && protocol.mutation !== 'unknown-is-free')
    return endTurn(counted, who, index, 'assumed', turn.hold);
  return endTurn(counted, who, index, 'released', 0);
}

/** `resolve` of operations.ts: the charge replaces the hold; what comes back refills an open reservation up to its grant. */
function endTurn(state: State, who: number, index: number, turnState: Turn['state'], charged: number): State {
  const me = get(state, who);
  const turn = me.turns[index];
  const { reservation } = me;
  if (!turn || !reservation) return state;
  const wasInFlight = turn.state === 'in-flight';
  const delta = charged - turn.charged;
  const turns = me.turns.with(index, { ...turn, state: turnState, charged });
  const chargedInAll = reservation.charged + delta;
  const returned = (wasInFlight ? turn.hold : turn.charged) - charged;
  const room = reservation.granted - chargedInAll - reservation.unsent;
  const kept = reservation.isClosed ? 0 : Math.max(0, Math.min(returned, room));
  const unsent = reservation.unsent + kept;
  const after = set(state, who, { turns, reservation: { ...reservation, charged: chargedInAll, unsent } });
  const held = (wasInFlight ? -turn.hold : 0) + kept;
  return addSettled(addHeld(after, reservation.window, held), reservation.window, delta);
}

function close(state: State, who: number): State {
  const { reservation } = get(state, who);
  if (!reservation || reservation.isClosed) return state;
  const closed = setReservation(state, who, { unsent: 0, isClosed: true });
  return addHeld(closed, reservation.window, -reservation.unsent);
}

/** What a process leaves: turns in flight stay charged at their hold, the rest is freed. */
function abandon(state: State, who: number): State {
  let after = state;
  for (const [index, turn] of get(state, who).turns.entries()) {
    if (turn.state === 'in-flight') after = endTurn(after, who, index, 'assumed', turn.hold);
  }
  return close(after, who);
}

/** The end of a process: locks that it had taken over are free again. */
function crash(state: State, who: number): State {
  const processes = state.processes.map((one) => (one.lockedBy === who ? { ...one, lockedBy: -1 } : one));
  return set({ ...state, processes }, who, { at: 'dead', recovery: null });
}

/** The state after everybody has died and somebody has recovered what they left. */
export function recoverAll(protocol: Protocol, state: State): State {
  let after = state;
  for (const who of state.processes.keys()) after = crash(after, who);
  for (const [who, one] of after.processes.entries()) {
    if (one.isEnded || one.reservation === null) continue;
    const frees = protocol.mutation === 'recovery-frees-in-flight';
    for (const [index, turn] of one.turns.entries())
      if (frees && turn.state === 'in-flight') after = endTurn(after, who, index, 'released', 0);
    after = set(abandon(after, who), who, { isEnded: true });
  }
  return after;
}

function earlyTurn({ hold }: Protocol): Turn {
  return { hold: hold[1], state: 'released', charged: 0, provider: hold[1], outcome: null };
}

function holdEarlyTurn(state: State, who: number): State {
  const me = get(state, who);
  const { reservation } = me;
  if (!reservation) return state;
  const hold = Math.min(lastTurn(me).hold, reservation.unsent);
  const turns = me.turns.with(-1, { ...lastTurn(me), hold, state: 'in-flight' });
  return set(state, who, {
    at: 'sent',
    turns,
    reservation: { ...reservation, unsent: reservation.unsent - hold },
  });
}

function left({ limit }: Protocol, state: State, window: number): number {
  const sums = state.sums[window];
  return Math.max(0, limit - (sums ? sums.settled + sums.held : 0));
}

function openTurn(state: State, who: number): boolean {
  return get(state, who).turns.at(-1)?.state === 'in-flight';
}

function holdOf(state: State, who: number, index: number): number {
  return get(state, who).turns[index]?.hold ?? 0;
}

function windowOf(state: State, who: number): number {
  return get(state, who).reservation?.window ?? 0;
}

function lastTurn({ turns }: Process): Turn {
  const turn = turns.at(-1);
  if (!turn) throw new Error('The process has no turn yet');
  return turn;
}

function get(state: State, who: number): Process {
  const one = state.processes[who];
  if (!one) throw new Error(`There is no process ${who}`);
  return one;
}

function set(state: State, who: number, changes: Partial<Process>): State {
  return { ...state, processes: state.processes.with(who, { ...get(state, who), ...changes }) };
}

function setTurn(state: State, who: number, changes: Partial<Turn>, at: Process['at']): State {
  const me = get(state, who);
  return set(state, who, { at, settles: 0, turns: me.turns.with(-1, { ...lastTurn(me), ...changes }) });
}

function setReservation(
  state: State,
  who: number,
  changes: Partial<NonNullable<Process['reservation']>>,
): State {
  const { reservation } = get(state, who);
  return reservation ? set(state, who, { reservation: { ...reservation, ...changes } }) : state;
}

function setRecovery(state: State, who: number, recovery: Process['recovery']): State {
  return set(state, who, { recovery });
}

function addHeld(state: State, window: number, tokens: number): State {
  return addTo(state, window, 0, tokens);
}

function addSettled(state: State, window: number, tokens: number): State {
  return addTo(state, window, tokens, 0);
}

function addTo(state: State, window: number, settled: number, held: number): State {
  const sums = state.sums[window];
  if (!sums || (settled === 0 && held === 0)) return state;
  return {
    ...state,
    sums: state.sums.with(window, { settled: sums.settled + settled, held: sums.held + held }),
  };
}
