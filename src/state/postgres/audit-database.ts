import type { Client } from 'pg';
import { TeelammaError } from '../../errors.ts';
import type { Rates } from '../amounts.ts';
import { type AuditReport, auditRecords } from '../audit/audit-records.ts';
import type {
  ChargeRecord,
  LeaseRecord,
  ReservationRecord,
  StoredTurnRecord,
  WindowRecord,
} from '../audit/LedgerRecords.ts';
import { usageOfRow } from '../audit/usage-of-row.ts';
import type { BudgetSpec } from '../Ledger.ts';
import { turnStateNames } from '../turn-record.ts';
import { connect } from './connection.ts';
import { ledgerLocation } from './location.ts';
import { postgresError } from './postgres-errors.ts';
import { migrations } from './schema.ts';

type Row = Readonly<Record<string, unknown>>;

const pageRows = 5_000;

/**
 * Audits a ledger's database in one read-only transaction over one snapshot: it takes no lock and writes nothing.
 * @throws TeelammaError `state-unwritable` where it cannot be reached, holds no ledger, or one of another version
 */
export async function auditDatabase(url: string, budgets: readonly BudgetSpec[]): Promise<AuditReport> {
  const location = ledgerLocation(url);
  try {
    const client = await connect(url);
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await requireSchema(client, location);
      const now = await client.query('SELECT (extract(epoch FROM now()) * 1000)::float8 AS now_ms');
      const windows = await client.query('SELECT * FROM teelamma.budget_window ORDER BY seq');
      const leases = await client.query('SELECT in_window, free, settled FROM teelamma.lease');
      const records = {
        windows: windows.rows.map(windowOf),
        reservations: pages(client, 'reservation', reservationOf),
        turns: pages(client, 'turn', turnOf),
        charges: pages(client, 'charge', chargeOf),
        leases: leases.rows.map(leaseOf),
      };
      return await auditRecords(records, budgets, Number(now.rows[0]?.['now_ms']));
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    throw postgresError(error, location);
  }
}

async function requireSchema(client: Client, location: string): Promise<void> {
  const { rows: found } = await client.query(
    "SELECT to_regclass('teelamma.migration') IS NOT NULL AS is_there",
  );
  if (found[0]?.['is_there'] !== true)
    throw new TeelammaError('state-unwritable', `${location} holds no ledger yet: it is made at first use.`);
  const { rows } = await client.query('SELECT max(version) AS version FROM teelamma.migration');
  const version = Number(rows[0]?.['version']);
  if (version === migrations.length) return;
  throw new TeelammaError(
    'state-unwritable',
    `The ledger ${location} has schema ${version}, and this installation audits ${migrations.length}. ${
      version > migrations.length
        ? 'Update claude-teelamma.'
        : 'Run `teelamma budget` once, which brings it up to date.'
    }`,
  );
}

/** In pages, so that no statement takes long and memory stays small. */
async function* pages<T>(
  client: Client,
  table: 'reservation' | 'turn' | 'charge',
  map: (row: Row) => T,
): AsyncGenerator<T> {
  let after = '0';
  for (;;) {
    const { rows } = await client.query(
      `SELECT * FROM teelamma.${table} WHERE seq > $1 ORDER BY seq LIMIT ${pageRows}`,
      [after],
    );
    for (const row of rows) yield map(row);
    if (rows.length < pageRows) return;
    after = String(rows.at(-1)?.['seq']);
  }
}

function windowOf(row: Row): WindowRecord {
  return {
    seq: Number(row['seq']),
    budget: String(row['budget']),
    counter: String(row['counter']),
    isUsd: row['is_usd'] === true,
    startMs: Number(row['start_ms']),
    ended: row['ended'] === true,
    settledTokens: Number(row['settled']),
    heldTokens: Number(row['held']),
    forcedTokens: Number(row['forced']),
  };
}

function reservationOf(row: Row): ReservationRecord {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    windows: numbersOf(row['windows']) ?? [],
    forced: row['forced'] === true,
    isOpen: row['closed_ms'] === null,
    unsentTokens: Number(row['unsent']),
    unsentAmounts: numbersOf(row['unsent_amounts']),
    chargedTokens: Number(row['charged']),
    turns: Number(row['turns']),
  };
}

function turnOf(row: Row): StoredTurnRecord {
  const held = numbersOf(row['hold_amounts']);
  return {
    id: String(row['id']),
    reservation: row['reservation'] === null ? null : Number(row['reservation']),
    state: turnStateNames[Number(row['state'])] ?? 'in-flight',
    heldTokens: Number(row['hold']),
    chargedTokens: Number(row['charged']),
    usage: usageOfRow(row),
    amounts: held && {
      held,
      rates: (row['rates'] ?? []) as readonly (Rates | null)[],
      charged: numbersOf(row['charged_amounts']),
    },
  };
}

function chargeOf(row: Row): ChargeRecord {
  return {
    windows: numbersOf(row['windows']) ?? [],
    tokens: Number(row['tokens']),
    amounts: numbersOf(row['amounts']),
  };
}

function leaseOf(row: Row): LeaseRecord {
  return {
    window: Number(row['in_window']),
    freeTokens: Number(row['free']),
    settledTokens: Number(row['settled']),
  };
}

/** `bigint[]` comes as texts. */
function numbersOf(value: unknown): readonly number[] | null {
  return Array.isArray(value) ? value.map(Number) : null;
}
