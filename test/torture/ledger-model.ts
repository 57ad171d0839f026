import { chargedTokens } from '../../src/messages/token-usage.ts';
import type { Scope, TurnOutcome } from '../../src/state/Ledger.ts';

const dayMs = 86_400_000;

/** A budget of the model: what the ledger's is, with the rules as plain functions. */
export interface ModelBudget {
  readonly name: string;
  readonly limit: number;
  /** When a window that began at `startMs` ends. */
  readonly endMs: (startMs: number) => number;
  /** Which counter a scope counts in; null where the budget does not limit it. */
  readonly counter: (scope: Scope) => string | null;
}

/** The end of a day in UTC, without a calendar library. */
export const endOfUtcDay = (startMs: number): number => (Math.floor(startMs / dayMs) + 1) * dayMs;

/** A budget window of the model. */
interface ModelWindow {
  readonly budget: ModelBudget;
  readonly key: string;
  readonly startMs: number;
  settled: number;
  held: number;
  /** Tokens that may lie above the limit: forced ones, direct charges, usage above its hold. */
  allowedAbove: number;
}

interface ModelReservation {
  readonly owner: number;
  readonly windows: readonly ModelWindow[];
  readonly forced: boolean;
  readonly granted: number;
  charged: number;
  unsent: number;
  isClosed: boolean;
}

interface ModelTurn {
  readonly reservation: ModelReservation;
  readonly hold: number;
  state: 'in-flight' | 'settled' | 'assumed' | 'released';
  charged: number;
}

/** What the ledger should do, in the plainest form: everything in memory, one step after the other. For the property test. */
export class LedgerModel {
  readonly budgets: readonly ModelBudget[];
  nowMs: number;
  /** The latest window of each counter that nobody ended, by `budget/counter`. */
  readonly open = new Map<string, ModelWindow>();
  readonly windows: ModelWindow[] = [];
  readonly reservations = new Map<string, ModelReservation>();
  readonly turns = new Map<string, ModelTurn>();

  constructor(budgets: readonly ModelBudget[], nowMs: number) {
    this.budgets = budgets;
    this.nowMs = nowMs;
  }

  /** Settled and held tokens of every counter that is in use now, by `budget/counter`. */
  sums(): Record<string, { settled: number; held: number }> {
    const current = [...this.open.values()].filter((window) => this.isCurrent(window));
    return Object.fromEntries(current.map(({ key, settled, held }) => [key, { settled, held }]));
  }

  /** Tokens that would be granted, or null for a refusal. */
  reserve(
    id: string,
    scope: Scope,
    { owner, atLeast, atMost, forced }: { owner: number; atLeast: number; atMost: number; forced: boolean },
  ): number | null {
    if (this.reservations.has(id)) throw new Error(`The model has ${id} already`);
    const left = Math.min(
      ...this.matching(scope).map(({ budget, key }) => this.left(budget, this.current(key))),
    );
    if (!forced && left < atLeast) return null;
    const granted = forced ? atMost : Math.min(atMost, left);
    const windows = this.use(scope);
    for (const window of windows) this.hold(window, granted, forced);
    this.reservations.set(id, {
      owner,
      windows,
      forced,
      granted,
      charged: 0,
      unsent: granted,
      isClosed: false,
    });
    return granted;
  }

  beginTurn(
    reservationId: string,
    turnId: string,
    { atLeast, atMost, keep }: { atLeast: number; atMost: number; keep: number },
  ): number | null {
    const reservation = this.reservations.get(reservationId);
    if (!reservation || reservation.isClosed) return null;
    const { windows, unsent, forced } = reservation;
    if (!windows.every((window) => window === this.current(window.key))) return null;
    const lefts = windows.map((window) => this.left(window.budget, window));
    const left = forced ? Number.POSITIVE_INFINITY : Math.min(...lefts);
    if (unsent + left < atLeast) return null;
    const hold = Math.min(atMost, Math.max(atLeast, unsent + left - keep));
    // From what the reservation need not keep, then from the budgets, and only then from what it should keep.
    const extension = Math.min(left, Math.max(0, hold - Math.max(0, unsent - keep)));
    for (const window of windows) this.hold(window, extension, forced);
    reservation.unsent -= hold - extension;
    this.turns.set(turnId, { reservation, hold, state: 'in-flight', charged: 0 });
    return hold;
  }

  settle(turnId: string, outcome: TurnOutcome): boolean {
    const turn = this.turns.get(turnId);
    if (!turn) return false;
    const wasInFlight = turn.state === 'in-flight';
    if (!wasInFlight && (turn.state !== 'assumed' || outcome.kind !== 'usage')) return false;
    const charged =
      outcome.kind === 'usage' ? chargedTokens(outcome.usage) : outcome.kind === 'unknown' ? turn.hold : 0;
    for (const window of turn.reservation.windows) {
      if (wasInFlight) window.held -= turn.hold;
      window.settled += charged - turn.charged;
      window.allowedAbove += Math.max(0, charged - turn.hold);
      // Real usage may replace an assumed charge after the space was given away: at most up to the hold again.
      if (turn.state === 'assumed') window.allowedAbove += Math.max(0, charged - turn.charged);
    }
    const { reservation } = turn;
    const returned = (wasInFlight ? turn.hold : turn.charged) - charged;
    reservation.charged += charged - turn.charged;
    const promised = reservation.granted - reservation.charged - reservation.unsent;
    if (!reservation.isClosed && !reservation.forced && promised > 0 && returned > 0) {
      const kept = Math.min(returned, promised);
      reservation.unsent += kept;
      for (const window of reservation.windows) window.held += kept;
    }
    turn.charged = charged;
    turn.state = outcome.kind === 'usage' ? 'settled' : outcome.kind === 'unknown' ? 'assumed' : 'released';
    return true;
  }

  close(reservationId: string): void {
    const reservation = this.reservations.get(reservationId);
    if (!reservation) return;
    for (const window of reservation.windows) window.held -= reservation.unsent;
    reservation.unsent = 0;
    reservation.isClosed = true;
  }

  /** Of each open reservation that is not forced: what it holds, in flight or free, and what it was granted and not charged. */
  promises(): { held: number; promised: number }[] {
    return [...this.reservations.values()]
      .filter((reservation) => !reservation.isClosed && !reservation.forced)
      .map((reservation) => {
        const own = [...this.turns.values()].filter((turn) => turn.reservation === reservation);
        const inFlight = own
          .filter((turn) => turn.state === 'in-flight')
          .reduce((sum, { hold }) => sum + hold, 0);
        return { held: reservation.unsent + inFlight, promised: reservation.granted - reservation.charged };
      });
  }

  charge(tokens: number, scope: Scope): void {
    if (tokens === 0) return;
    for (const window of this.use(scope)) {
      window.settled += tokens;
      window.allowedAbove += tokens;
    }
  }

  /** Ends the windows of one budget, or of all. */
  reset(name?: string): void {
    for (const [key, { budget }] of this.open)
      if (name === undefined || budget.name === name) this.open.delete(key);
  }

  /** What an owner's end leaves: turns in flight assumed, the rest freed. */
  abandon(owner: number): void {
    for (const [turnId, turn] of this.turns) {
      if (turn.reservation.owner === owner && turn.state === 'in-flight') {
        this.settle(turnId, { kind: 'unknown', reason: 'gone' });
      }
    }
    for (const [id, reservation] of this.reservations) if (reservation.owner === owner) this.close(id);
  }

  private hold(window: ModelWindow, tokens: number, forced: boolean): void {
    window.held += tokens;
    if (forced) window.allowedAbove += tokens;
  }

  private left({ limit }: ModelBudget, window: ModelWindow | null): number {
    return Math.max(0, limit - (window ? window.settled + window.held : 0));
  }

  private matching(scope: Scope): { readonly budget: ModelBudget; readonly key: string }[] {
    return this.budgets.flatMap((budget) => {
      const counter = budget.counter(scope);
      return counter === null ? [] : [{ budget, key: `${budget.name}/${counter}` }];
    });
  }

  private current(key: string): ModelWindow | null {
    const window = this.open.get(key);
    return window && this.isCurrent(window) ? window : null;
  }

  private isCurrent(window: ModelWindow): boolean {
    return this.nowMs < window.budget.endMs(window.startMs);
  }

  private use(scope: Scope): ModelWindow[] {
    return this.matching(scope).map(({ budget, key }) => {
      const current = this.current(key);
      if (current) return current;
      const window = { budget, key, startMs: this.nowMs, settled: 0, held: 0, allowedAbove: 0 };
      this.open.set(key, window);
      this.windows.push(window);
      return window;
    });
  }
}
