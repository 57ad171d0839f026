import type { Rates } from '../amounts.ts';
import type { WindowSums } from '../budget-status.ts';
import type { Scope } from '../Ledger.ts';

/**
 * Rows as the unit of work holds them: plain mutable data, written back where they were touched. Amounts are tokens, but those of a window
 * are in its budget's unit.
 */

export interface WindowRow extends WindowSums {
  readonly seq: number;
  readonly budget: string;
  ended: boolean;
  settledTokens: number;
  readonly counter: string;
  heldTokens: number;
  forcedTokens: number;
  /** Highest threshold that fired in this window; 0: none. */
  firedPercent: number;
}

export interface ReservationRow {
  readonly seq: number;
  /** The id that the caller chose, or null: then it is `r<seq>`. */
  readonly ownId: string | null;
  readonly owner: number;
  /** What it is for; null where nothing is known. */
  readonly scope: Scope | null;
  /** The window that it was made in, of each budget that matched. */
  readonly windows: readonly number[];
  readonly taskId: string;
  readonly kind: string;
  readonly forced: boolean;
  readonly createdAtMs: number;
  /** What `reserve` granted; extensions by turns are not added. */
  readonly grantedTokens: number;
  /** Held, and in no turn. */
  unsentTokens: number;
  /** What that is in each of its windows; null where it is the tokens in all of them. */
  unsentAmounts: number[] | null;
  chargedTokens: number;
  /** Turns that were charged. */
  turns: number;
  closedAtMs: number | null;
  isWholeTask: boolean | null;
}

export interface TurnRow {
  readonly seq: number;
  /** The id that the caller chose, or null: then it is `t<seq>`. */
  readonly ownId: string | null;
  /** Null for a turn that no budget pays for. */
  readonly reservation: number | null;
  readonly holdTokens: number;
  state: TurnState;
  chargedTokens: number;
  /** What it is in each window of its reservation; null where it is the tokens in all of them. */
  amounts: TurnAmounts | null;
}

/** What a turn counts in the windows of its reservation, in their order. */
export interface TurnAmounts {
  /** What it was held with; null where tokens count one each. */
  readonly rates: readonly (Rates | null)[];
  readonly hold: readonly number[];
  charged: readonly number[];
}

export type TurnState = (typeof turnState)[keyof typeof turnState];

/** Stored numbers of the states; never renumber. */
export const turnState = { inFlight: 0, settled: 1, assumed: 2, released: 3 } as const;

/** Ids that the ledger makes: `r17` is the reservation of row 17, `t17` the turn. Callers' own ids must not look like that. */
export const generatedId = {
  reservation: (row: { seq: number; ownId: string | null }) => row.ownId ?? `r${row.seq}`,
  turn: (row: { seq: number; ownId: string | null }) => row.ownId ?? `t${row.seq}`,
  /** Row number of a generated id, null for any other. */
  seqOf: (prefix: 'r' | 't', id: string): number | null => {
    if (id[0] !== prefix || id.length > 16) return null;
    const digits = id.slice(1);
    return /^[1-9][0-9]*$/.test(digits) ? Number(digits) : null;
  },
};
