import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { fillYear, type YearOptions } from './fill-year.ts';
import { type Installation, startInstallation } from './installation.ts';

/** An installation whose ledger has a year of work in it. */
export async function startYearInstallation(year: YearOptions): Promise<Installation> {
  const installation = await startInstallation();
  const file = join(installation.home, 'state', 'ledger.db');
  const budgets = () => [
    { name: 'default', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [] },
  ];
  const ledger = openSqliteLedger({ file, budgets }, { nowMs: Date.now, newId: randomUUID });
  await ledger.status();
  await ledger[Symbol.asyncDispose]();
  fillYear(file, year);
  return installation;
}
