import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Ledger } from '../../src/state/Ledger.ts';
import { openPostgresLedger } from '../../src/state/postgres-ledger.ts';
import { budget, heldTokens, usedTokens } from './budget.ts';
import type { BenchLoop } from './ledger-loop.ts';

export function openPostgres(url: string, lease = false): Ledger {
  return openPostgresLedger(
    { url, budgets: () => [budget], patienceMs: 60_000, graceMs: 0, lease },
    { newId: randomUUID },
  );
}

/** Makes the ledger, and the table of the bare loop in the same database: the columns and the free space of the ledger's windows. */
export async function preparePostgres(url: string): Promise<void> {
  const ledger = openPostgres(url);
  await ledger.charge(1);
  await ledger[Symbol.asyncDispose]();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE bare (LIKE teelamma.budget_window INCLUDING ALL)');
  await client.query(
    'ALTER TABLE bare SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)',
  );
  await client.query(`INSERT INTO bare (budget, start_ms) VALUES ('daily', 0)`);
  await client.end();
}

/**
 * The reference: a pair is two prepared, autocommitted `UPDATE ... RETURNING` of one row, the first with the limit as its condition.
 * `isOwnRow`: each connection has a row of its own, which shows what the server and the client can do where nobody waits for a row.
 */
export async function barePostgres(
  url: string,
  isOwnRow: boolean,
  latenciesUs: number[],
): Promise<BenchLoop> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const row = isOwnRow ? await insertOwnRow(client) : 1;
  const step = async (name: string, text: string, values: readonly number[]) => {
    const startMs = performance.now();
    const { rowCount } = await client.query({ name, text, values: [...values] });
    latenciesUs.push((performance.now() - startMs) * 1000);
    if (rowCount !== 1) throw new Error('The benchmark was refused');
  };
  const pair = async () => {
    await step('reserve', reserveSql, [row, heldTokens, budget.limitTokens]);
    await step('settle', settleSql, [row, heldTokens, usedTokens]);
  };
  return { pair, outstanding: 1, done: async () => client.end() };
}

const reserveSql = `UPDATE bare SET held = held + $2 WHERE seq = $1 AND settled + held + $2 <= $3 RETURNING settled, held`;
const settleSql = `UPDATE bare SET held = held - $2, settled = settled + $3 WHERE seq = $1 RETURNING settled, held`;

async function insertOwnRow(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    `INSERT INTO bare (budget, counter, start_ms) VALUES ('daily', $1, 0) RETURNING seq`,
    [randomUUID()],
  );
  return Number(rows[0]?.['seq']);
}
