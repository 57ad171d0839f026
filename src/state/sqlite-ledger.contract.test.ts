import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeAmounts } from './amounts-contract.ts';
import { describeHistory } from './history-contract.ts';
import { describeLedger, type LedgerFixture } from './ledger-contract.ts';
import { describeScopes } from './scope-contract.ts';
import type { Synchronous } from './sqlite/connection.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

for (const synchronous of ['normal', 'full'] as const) {
  describeLedger(`SQLite, synchronous ${synchronous}`, () => createFixture(synchronous));
}
describeScopes('SQLite', () => createFixture('normal'));
describeAmounts('SQLite', () => createFixture('normal'));
describeHistory('SQLite', () => createFixture('normal'));

async function createFixture(synchronous: Synchronous): Promise<LedgerFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-ledger-'));
  return {
    open: ({ budgets, nowMs }) =>
      openSqliteLedger(
        { file: join(folder, 'ledger.db'), budgets, synchronous },
        { nowMs, newId: randomUUID },
      ),
    cleanUp: () => rm(folder, { recursive: true }),
  };
}
