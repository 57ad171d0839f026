import { chargedTokens } from '../../src/messages/token-usage.ts';
import type { TurnOutcome } from '../../src/state/Ledger.ts';

/** A budget window of the model. */
interface ModelWindow {
  readonly startMs: number;
  settled: number;
  held: number;
  /** Tokens that may lie above the limit: forced ones, direct charges, usage above its hold. */
  allowedAbove: number;
}

interface ModelReservation {
  readonly owner: number;
  readonly window: ModelWindow;
  readonly forced: boolean;
  unsent: number;
  isClosed: boolean;
}

interface ModelTurn {
  readonly reservation: ModelReservation;
  readonly hold: number;
  state: 'in-flight' | 'settled' | 'assumed' | 'released';
  charged: number;
}

/** What the ledger should do, in the plainest form: one budget, everything in memory. For the property test. */
export class LedgerModel {
  readonly limit: number;
  readonly windowMs: number;
  nowMs: number;
  window: ModelWindow | null = null;
  readonly windows: ModelWindow[] = [];
  readonly reservations = new Map<string, ModelReservation>();
  readonly turns = new Map<string, ModelTurn>();

  constructor(limit: number, windowMs: number, nowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.nowMs = nowMs;
  }

  /** Settled and held tokens as of now. */
  sums(): { settled: number; held: number } {
    const window = this.current();
    return { settled: window?.settled ?? 0, held: window?.held ?? 0 };
  }

  /** Tokens that would be granted, or null for a refusal. */
  reserve(id: string, owner: number, atLeast: number, atMost: number, forced: boolean): number | null {
    if (this.reservations.has(id)) throw new Error(`The model has ${id} already`);
    const left = this.left();
    if (!forced && left < atLeast) return null;
    const granted = forced ? atMost : Math.min(atMost, left);
    const window = this.use();
    window.held += granted;
    if (forced) window.allowedAbove += granted;
    this.reservations.set(id, { owner, window, forced, unsent: granted, isClosed: false });
    return granted;
  }

  beginTurn(reservationId: string, turnId: string, atLeast: number, atMost: number): number | null {
    const reservation = this.reservations.get(reservationId);
    if (!reservation || reservation.isClosed || reservation.window !== this.current()) return null;
    const available = reservation.unsent + this.left();
    if (!reservation.forced && available < atLeast) return null;
    const hold = reservation.forced ? atMost : Math.min(atMost, available);
    const extension = Math.max(0, hold - reservation.unsent);
    reservation.window.held += extension;
    if (reservation.forced) reservation.window.allowedAbove += extension;
    reservation.unsent -= hold - extension;
    this.turns.set(turnId, { reservation, hold, state: 'in-flight', charged: 0 });
    return hold;
  }

  settle(turnId: string, outcome: TurnOutcome): boolean {
    const turn = this.turns.get(turnId);
    if (!turn) return false;
    const { window } = turn.reservation;
    if (turn.state === 'in-flight') window.held -= turn.hold;
    else if (turn.state !== 'assumed' || outcome.kind !== 'usage') return false;
    const charged =
      outcome.kind === 'usage' ? chargedTokens(outcome.usage) : outcome.kind === 'unknown' ? turn.hold : 0;
    window.settled += charged - turn.charged;
    window.allowedAbove += Math.max(0, charged - turn.hold);
    // Real usage may replace an assumed charge after the space was given away: at most up to the hold again.
    if (turn.state === 'assumed') window.allowedAbove += Math.max(0, charged - turn.charged);
    turn.charged = charged;
    turn.state = outcome.kind === 'usage' ? 'settled' : outcome.kind === 'unknown' ? 'assumed' : 'released';
    return true;
  }

  close(reservationId: string): void {
    const reservation = this.reservations.get(reservationId);
    if (!reservation) return;
    reservation.window.held -= reservation.unsent;
    reservation.unsent = 0;
    reservation.isClosed = true;
  }

  charge(tokens: number): void {
    if (tokens === 0) return;
    const window = this.use();
    window.settled += tokens;
    window.allowedAbove += tokens;
  }

  reset(): void {
    this.window = null;
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

  private left(): number {
    const { settled, held } = this.sums();
    return Math.max(0, this.limit - settled - held);
  }

  private current(): ModelWindow | null {
    return this.window && this.nowMs < this.window.startMs + this.windowMs ? this.window : null;
  }

  private use(): ModelWindow {
    const current = this.current();
    if (current) return current;
    const window = { startMs: this.nowMs, settled: 0, held: 0, allowedAbove: 0 };
    this.window = window;
    this.windows.push(window);
    return window;
  }
}
