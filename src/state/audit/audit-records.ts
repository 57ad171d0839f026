import { chargedTokens } from '../../messages/token-usage.ts';
import { usageAmount } from '../amounts.ts';
import { isCurrentWindow, isUsd } from '../current-window.ts';
import type { BudgetSpec } from '../Ledger.ts';
import type {
  ChargeRecord,
  LeaseRecord,
  LedgerRecords,
  ReservationRecord,
  StoredTurnRecord,
  WindowRecord,
} from './LedgerRecords.ts';

export interface AuditCounts {
  readonly windows: number;
  readonly reservations: number;
  readonly openReservations: number;
  /** Turns that a budget pays for, by state. */
  readonly settledTurns: number;
  readonly assumedTurns: number;
  readonly releasedTurns: number;
  readonly inFlightTurns: number;
  /** Turns that no budget pays for. */
  readonly freeTurns: number;
  /** Charges outside of any reservation. */
  readonly charges: number;
  readonly chargedTokens: number;
  /** Of open reservations and turns in flight. */
  readonly heldTokens: number;
}

export interface AuditReport {
  readonly counts: AuditCounts;
  /** What does not hold; each a sentence. At most 20, then how many more. */
  readonly problems: readonly string[];
  /** What is worth knowing and wrong in nothing. */
  readonly notes: readonly string[];
}

const mostProblems = 20;

interface Sums {
  settled: number;
  held: number;
  forced: number;
  /** Charged outside of reservations, or above a hold. */
  beyondHolds: number;
}

interface ReservationSums extends ReservationRecord {
  turnTokens: number;
  turnCount: number;
}

/**
 * Works a ledger's sums out anew from its turns and charges alone, each in its budget's own unit, and compares them with what is stored:
 * every turn with its usage, every reservation with its turns, every window with all that is in it. Trusts no sum that the ledger keeps.
 */
export async function auditRecords(
  records: LedgerRecords,
  budgets: readonly BudgetSpec[],
  nowMs: number,
): Promise<AuditReport> {
  const audit = new LedgerAudit(records.windows);
  for await (const reservation of records.reservations) audit.addReservation(reservation);
  for await (const turn of records.turns) audit.addTurn(turn);
  for await (const charge of records.charges) audit.addCharge(charge);
  for (const lease of records.leases) audit.addLease(lease);
  return audit.finish(budgets, nowMs);
}

class LedgerAudit {
  private readonly windows: readonly WindowRecord[];
  private readonly sums: Map<number, Sums>;
  private readonly reservations = new Map<number, ReservationSums>();
  private readonly problems: string[] = [];
  private readonly turns = { settled: 0, assumed: 0, released: 0, 'in-flight': 0 };
  private freeTurns = 0;
  private charges = 0;
  private chargedTokens = 0;
  private heldTokens = 0;

  constructor(windows: readonly WindowRecord[]) {
    this.windows = windows;
    this.sums = new Map(windows.map(({ seq }) => [seq, { settled: 0, held: 0, forced: 0, beyondHolds: 0 }]));
  }

  addReservation(reservation: ReservationRecord): void {
    const { seq, id, windows, isOpen, unsentTokens, unsentAmounts } = reservation;
    this.reservations.set(seq, { ...reservation, turnTokens: 0, turnCount: 0 });
    const missing = windows.filter((window) => !this.sums.has(window));
    if (missing.length > 0)
      this.problems.push(`Reservation ${id} is in window ${missing.join(', ')}, which is not there.`);
    const isHeld = unsentTokens > 0 || unsentAmounts?.some((amount) => amount > 0);
    if (!isOpen && isHeld)
      this.problems.push(`Reservation ${id} is closed and still holds ${unsentTokens} tokens.`);
    this.heldTokens += unsentTokens;
    windows.forEach((window, index) => {
      this.add(
        window,
        { held: unsentAmounts ? (unsentAmounts[index] ?? 0) : unsentTokens },
        reservation.forced,
      );
    });
  }

  addTurn(turn: StoredTurnRecord): void {
    if (turn.reservation === null) {
      this.freeTurns += 1;
      if (turn.chargedTokens !== 0)
        this.problems.push(
          `Turn ${turn.id} belongs to no reservation and says ${turn.chargedTokens} charged.`,
        );
      return;
    }
    this.turns[turn.state] += 1;
    this.chargedTokens += turn.chargedTokens;
    this.checkCharge(turn);
    const reservation = this.reservations.get(turn.reservation);
    if (!reservation) {
      this.problems.push(`Turn ${turn.id} belongs to reservation ${turn.reservation}, which is not there.`);
      return;
    }
    reservation.turnTokens += turn.chargedTokens;
    if (turn.state === 'settled' || turn.state === 'assumed') reservation.turnCount += 1;
    if (turn.state === 'in-flight') this.heldTokens += turn.heldTokens;
    reservation.windows.forEach((window, index) => {
      const hold = turn.amounts ? (turn.amounts.held[index] ?? 0) : turn.heldTokens;
      const settled = turn.amounts ? (turn.amounts.charged?.[index] ?? 0) : turn.chargedTokens;
      const held = turn.state === 'in-flight' ? hold : 0;
      const beyondHolds = Math.max(0, settled - hold);
      this.add(window, { settled, held, beyondHolds }, reservation.forced);
    });
  }

  addCharge({ windows, tokens, amounts }: ChargeRecord): void {
    this.charges += 1;
    this.chargedTokens += tokens;
    windows.forEach((window, index) => {
      const settled = amounts ? (amounts[index] ?? 0) : tokens;
      this.add(window, { settled, beyondHolds: settled }, false);
    });
  }

  /** What was settled through a lease is not in the window's `settled` yet, and is in its `held` still. */
  addLease({ window, freeTokens, settledTokens }: LeaseRecord): void {
    this.add(window, { settled: -settledTokens, held: freeTokens + settledTokens }, false);
  }

  finish(budgets: readonly BudgetSpec[], nowMs: number): AuditReport {
    let openReservations = 0;
    for (const reservation of this.reservations.values()) {
      if (reservation.isOpen) openReservations += 1;
      this.checkReservation(reservation);
    }
    for (const window of this.windows) this.checkWindow(window);
    const notes = budgets.flatMap((budget) => this.overLimit(budget, nowMs));
    const { settled, assumed, released, 'in-flight': inFlight } = this.turns;
    return {
      counts: {
        windows: this.windows.length,
        reservations: this.reservations.size,
        openReservations,
        settledTurns: settled,
        assumedTurns: assumed,
        releasedTurns: released,
        inFlightTurns: inFlight,
        freeTurns: this.freeTurns,
        charges: this.charges,
        chargedTokens: this.chargedTokens,
        heldTokens: this.heldTokens,
      },
      problems: shortened(this.problems),
      notes,
    };
  }

  private add(window: number, part: Partial<Sums>, isForced: boolean): void {
    const sums = this.sums.get(window);
    if (!sums) return;
    const { settled = 0, held = 0, beyondHolds = 0 } = part;
    sums.settled += settled;
    sums.held += held;
    sums.beyondHolds += beyondHolds;
    if (isForced) sums.forced += settled + held;
  }

  /** A turn's charge must be what its state and its usage say. */
  private checkCharge({
    id,
    state,
    heldTokens,
    chargedTokens: charged,
    usage,
    amounts,
  }: StoredTurnRecord): void {
    if (state === 'settled' && usage === null) {
      this.problems.push(`Turn ${id} is settled, but its usage is missing.`);
      return;
    }
    const expected =
      state === 'settled' && usage ? chargedTokens(usage) : state === 'assumed' ? heldTokens : 0;
    if (charged !== expected)
      this.problems.push(
        `Turn ${id} is ${state} and says ${charged} tokens charged; it must be ${expected}.`,
      );
    if (state === 'in-flight') return;
    amounts?.held.forEach((held, index) => {
      const rates = amounts.rates[index] ?? null;
      const due =
        state === 'settled' && usage
          ? rates
            ? usageAmount(rates, usage)
            : chargedTokens(usage)
          : state === 'assumed'
            ? held
            : 0;
      const stored = amounts.charged?.[index] ?? 0;
      if (stored !== due)
        this.problems.push(
          `Turn ${id} counts ${stored} in its window ${index + 1}; by its rates it must be ${due}.`,
        );
    });
  }

  private checkReservation({
    id,
    chargedTokens: charged,
    turns,
    turnTokens,
    turnCount,
  }: ReservationSums): void {
    if (charged === turnTokens && turns === turnCount) return;
    this.problems.push(
      `Reservation ${id} says ${turns} charged turns with ${charged} tokens, but its turns are ${turnCount} with ${turnTokens}: a turn was deleted or changed.`,
    );
  }

  private checkWindow({ seq, budget, settledTokens, heldTokens, forcedTokens }: WindowRecord): void {
    const sums = this.sums.get(seq) ?? { settled: 0, held: 0, forced: 0 };
    if (settledTokens === sums.settled && heldTokens === sums.held && forcedTokens === sums.forced) return;
    this.problems.push(
      `Window ${seq} of budget "${budget}" says ${settledTokens} settled, ${heldTokens} held, ${forcedTokens} forced, but its turns and charges add up to ${sums.settled}, ${sums.held} and ${sums.forced}.`,
    );
  }

  /** A limit that was lowered is not recorded, so this alone proves nothing wrong. */
  private overLimit(budget: BudgetSpec, nowMs: number): string[] {
    return this.windows
      .filter((window) => window.budget === budget.name && isCurrentWindow(budget, window, nowMs))
      .flatMap(({ seq, settledTokens, heldTokens }) => {
        const sums = this.sums.get(seq);
        const over = settledTokens + heldTokens - budget.limitTokens;
        if (over <= 0 || !sums) return [];
        const explained = sums.forced + sums.beyondHolds;
        const unit = isUsd(budget) ? 'micro-dollars' : 'tokens';
        const why =
          over <= explained
            ? `${sums.forced} were forced, ${sums.beyondHolds} charged outside of holds`
            : 'its limit was lowered since, or a forced task, a charge or a larger usage went past it';
        return [`Budget "${budget.name}" is ${over} ${unit} above its limit: ${why}.`];
      });
  }
}

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= mostProblems) return problems;
  return [...problems.slice(0, mostProblems), `And ${problems.length - mostProblems} more of these.`];
}
