import type { DatabaseSync } from 'node:sqlite';
import type {
  ChargeRecord,
  LedgerRecords,
  ReservationRecord,
  StoredTurnRecord,
  TurnAmountsRecord,
  WindowRecord,
} from '../audit/LedgerRecords.ts';
import { usageOfRow } from '../audit/usage-of-row.ts';
import { turnStateNames } from '../turn-record.ts';
import { generatedId, type TurnAmounts } from './rows.ts';
import { windowList } from './UnitOfWork.ts';

type Row = Readonly<Record<string, unknown>>;

/** All rows of a ledger's file; the caller keeps a read transaction open until they are read. */
export function readRecords(db: DatabaseSync): LedgerRecords {
  return {
    windows: db.prepare('SELECT * FROM budget_window ORDER BY seq').all().map(windowOf),
    reservations: mapped(db, 'SELECT * FROM reservation', reservationOf),
    turns: mapped(db, 'SELECT * FROM turn', turnOf),
    charges: mapped(db, 'SELECT * FROM charge', chargeOf),
    leases: [],
  };
}

function* mapped<T>(db: DatabaseSync, sql: string, map: (row: Row) => T): Generator<T> {
  for (const row of db.prepare(sql).iterate()) yield map(row);
}

function windowOf(row: Row): WindowRecord {
  return {
    seq: Number(row['seq']),
    budget: String(row['budget']),
    counter: String(row['counter']),
    isUsd: row['is_usd'] === 1,
    startMs: Number(row['start_ms']),
    ended: row['ended'] === 1,
    settledTokens: Number(row['settled']),
    heldTokens: Number(row['held']),
    forcedTokens: Number(row['forced']),
  };
}

function reservationOf(row: Row): ReservationRecord {
  const seq = Number(row['seq']);
  return {
    seq,
    id: generatedId.reservation({ seq, ownId: textOf(row['own_id']) }),
    windows: windowList(String(row['windows'])),
    forced: row['forced'] === 1,
    isOpen: row['closed_ms'] === null,
    unsentTokens: Number(row['unsent']),
    unsentAmounts: jsonOf<readonly number[]>(row['unsent_amounts']),
    chargedTokens: Number(row['charged']),
    turns: Number(row['turns']),
  };
}

function turnOf(row: Row): StoredTurnRecord {
  return {
    id: generatedId.turn({ seq: Number(row['seq']), ownId: textOf(row['own_id']) }),
    reservation: row['reservation'] === null ? null : Number(row['reservation']),
    state: turnStateNames[Number(row['state'])] ?? 'in-flight',
    heldTokens: Number(row['hold']),
    chargedTokens: Number(row['charged']),
    usage: usageOfRow(row),
    amounts: amountsOf(row['amounts']),
  };
}

function amountsOf(stored: unknown): TurnAmountsRecord | null {
  const amounts = jsonOf<TurnAmounts>(stored);
  return amounts && { rates: amounts.rates, held: amounts.hold, charged: amounts.charged };
}

function chargeOf(row: Row): ChargeRecord {
  return {
    windows: windowList(String(row['windows'])),
    tokens: Number(row['tokens']),
    amounts: jsonOf<readonly number[]>(row['amounts']),
  };
}

function textOf(value: unknown): string | null {
  return value === null ? null : String(value);
}

/** JSON that only the ledger writes. */
function jsonOf<T>(stored: unknown): T | null {
  return stored === null || stored === undefined ? null : (JSON.parse(String(stored)) as T);
}
