import { randomUUID } from 'node:crypto';
import { openPostgresLedger } from '../../src/state/postgres-ledger.ts';

/** A process that holds 1,000 tokens, 400 of them in flight, says so, and waits to be killed. Arguments: URL of the database, and whether it leases. */
const [url = '', lease] = process.argv.slice(2);
const budgets = [{ name: 'daily', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [100] }];
const ledger = openPostgresLedger(
  { url, budgets: () => budgets, graceMs: 0, lease: lease === 'true' },
  { newId: randomUUID },
);
await ledger.reserve({ taskId: 'task', kind: 'complex', atLeastTokens: 1_000, reservationId: 'held' });
await ledger.beginTurn({
  reservationId: 'held',
  turnId: 'flying',
  atLeastTokens: 400,
  atMostTokens: 400,
  model: 'claude',
});
process.stdout.write('holding\n');
