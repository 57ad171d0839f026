import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Ledger } from '../../src/state/Ledger.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { budget, heldTokens, usedTokens } from './budget.ts';
import type { BenchLoop } from './ledger-loop.ts';

export function openSqlite(file: string): Ledger {
  return openSqliteLedger({ file, budgets: () => [budget] }, { nowMs: Date.now, newId: randomUUID });
}

/** Makes the ledger, and the table of the bare loop in the same file. */
export async function prepareSqlite(file: string): Promise<void> {
  const ledger = openSqlite(file);
  await ledger.charge(1);
  await ledger[Symbol.asyncDispose]();
  using db = new DatabaseSync(file);
  db.exec(
    'CREATE TABLE bare (seq INTEGER PRIMARY KEY, used INTEGER NOT NULL); INSERT INTO bare VALUES (1, 0)',
  );
}

/**
 * The reference: two autocommitted updates of one row a pair, and nothing but SQLite around them, no promise, no decision. The
 * connection is set up as the ledger's.
 */
export function bareSqlite(file: string, latenciesUs: number[]): BenchLoop {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
  const update = db.prepare('UPDATE bare SET used = used + ? WHERE seq = 1 RETURNING used');
  const step = (tokens: number) => {
    const startMs = performance.now();
    update.get(tokens);
    latenciesUs.push((performance.now() - startMs) * 1000);
  };
  const pair = () => {
    step(heldTokens);
    step(usedTokens - heldTokens);
    return undefined;
  };
  return { pair, outstanding: 1, done: async () => db.close() };
}
