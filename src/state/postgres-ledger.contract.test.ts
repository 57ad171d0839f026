import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgres } from '../../test/support/start-postgres.ts';
import { describeAmounts } from './amounts-contract.ts';
import { describeHistory } from './history-contract.ts';
import { describeLedger, type LedgerFixture } from './ledger-contract.ts';
import { openPostgresLedger } from './postgres-ledger.ts';
import { describeScopes } from './scope-contract.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres(['fsync=off']);
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describeLedger('Postgres', () => createFixture({ lease: false }));
describeScopes('Postgres', () => createFixture({ lease: false }));
describeLedger('Postgres with leases', () => createFixture({ lease: true }));
describeScopes('Postgres with leases', () => createFixture({ lease: true }));
describeAmounts('Postgres', () => createFixture({ lease: false }));
describeAmounts('Postgres with leases', () => createFixture({ lease: true }));
describeHistory('Postgres', () => createFixture({ lease: false }));
describeHistory('Postgres with leases', () => createFixture({ lease: true }));

async function createFixture(options: { lease: boolean }): Promise<LedgerFixture> {
  const url = await server.createDatabase();
  return {
    open: ({ budgets, nowMs }) =>
      openPostgresLedger({ url, budgets, graceMs: 0, ...options }, { nowMs, newId: randomUUID }),
    cleanUp: async () => undefined,
  };
}
