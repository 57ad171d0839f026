import type { TokenUsage } from '../../messages/token-usage.ts';
import type { Rates } from '../amounts.ts';
import type { WindowSums } from '../budget-status.ts';
import type { TurnRecord } from '../Ledger.ts';

/** Everything that a ledger stores, as of one moment, for `auditRecords`. Amounts are tokens; those of a window are in its budget's unit. */
export interface LedgerRecords {
  readonly windows: readonly WindowRecord[];
  readonly reservations: Rows<ReservationRecord>;
  readonly turns: Rows<StoredTurnRecord>;
  readonly charges: Rows<ChargeRecord>;
  /** Of Postgres. */
  readonly leases: readonly LeaseRecord[];
}

/** Read once, row by row: a ledger may be larger than the memory. */
export type Rows<T> = Iterable<T> | AsyncIterable<T>;

export interface WindowRecord extends WindowSums {
  readonly seq: number;
  readonly budget: string;
  readonly counter: string;
  readonly isUsd: boolean;
}

export interface ReservationRecord {
  readonly seq: number;
  readonly id: string;
  readonly windows: readonly number[];
  readonly forced: boolean;
  readonly isOpen: boolean;
  readonly unsentTokens: number;
  /** By window; null where it is the tokens in all of them. */
  readonly unsentAmounts: readonly number[] | null;
  readonly chargedTokens: number;
  readonly turns: number;
}

export interface StoredTurnRecord {
  readonly id: string;
  /** Null for a turn that no budget pays for. */
  readonly reservation: number | null;
  readonly state: TurnRecord['state'];
  readonly heldTokens: number;
  readonly chargedTokens: number;
  readonly usage: TokenUsage | null;
  /** By window of its reservation; null where each is the tokens. */
  readonly amounts: TurnAmountsRecord | null;
}

export interface TurnAmountsRecord {
  readonly rates: readonly (Rates | null)[];
  readonly held: readonly number[];
  /** Null until it is settled. */
  readonly charged: readonly number[] | null;
}

export interface ChargeRecord {
  readonly windows: readonly number[];
  readonly tokens: number;
  /** By window; null where it is the tokens in all of them. */
  readonly amounts: readonly number[] | null;
}

export interface LeaseRecord {
  readonly window: number;
  readonly freeTokens: number;
  readonly settledTokens: number;
}
