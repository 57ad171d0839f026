import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TeelammaError } from '../../errors.ts';
import { type AuditReport, auditRecords } from '../audit/audit-records.ts';
import type { WindowRecord } from '../audit/LedgerRecords.ts';
import type { BudgetSpec } from '../Ledger.ts';
import { waitWhileBusy } from './connection.ts';
import { readRecords } from './read-records.ts';
import { migrations } from './schema.ts';
import { corruptError, ledgerError } from './sqlite-errors.ts';

export interface FileAudit extends AuditReport {
  readonly windows: readonly WindowRecord[];
}

const busyTimeoutMs = 10_000;

/**
 * Audits a ledger's file in one read transaction: other processes go on, and nothing is written to it. Where not even the files that
 * readers of a WAL share can be made (a read-only folder), a copy in a temporary folder is audited, and a note says so.
 * @throws TeelammaError `state-corrupt` for a damaged file, `state-unwritable` for one that cannot be opened or is of another version
 */
export async function auditFile(
  file: string,
  budgets: readonly BudgetSpec[],
  nowMs: () => number,
): Promise<FileAudit> {
  try {
    return await auditOpened(file, file, budgets, nowMs);
  } catch (error) {
    const failure = ledgerError(error, file);
    if (!(failure instanceof TeelammaError) || failure.code !== 'state-unwritable') throw failure;
    if (!existsSync(file)) throw failure;
    const report = await auditCopy(file, budgets, nowMs, failure);
    const note = `${file} cannot be opened where it is (a read-only folder?), so a copy of it was audited.`;
    return { ...report, notes: [note, ...report.notes] };
  }
}

async function auditCopy(
  file: string,
  budgets: readonly BudgetSpec[],
  nowMs: () => number,
  failure: TeelammaError,
): Promise<FileAudit> {
  if (failure.message.includes('version')) throw failure;
  const folder = mkdtempSync(join(tmpdir(), 'teelamma-audit-'));
  const copy = join(folder, 'ledger.db');
  try {
    copyFileSync(file, copy);
    if (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) copyFileSync(`${file}-wal`, `${copy}-wal`);
    return await auditOpened(copy, file, budgets, nowMs);
  } catch (error) {
    throw ledgerError(error, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function auditOpened(
  path: string,
  file: string,
  budgets: readonly BudgetSpec[],
  nowMs: () => number,
): Promise<FileAudit> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    waitWhileBusy(busyTimeoutMs, () => {
      db.exec('BEGIN');
      // The read transaction begins with its first read.
      requireSchema(db, file);
    });
    const damage = db
      .prepare('PRAGMA integrity_check(3)')
      .all()
      .map((row) => String(row['integrity_check']));
    if (damage.join() !== 'ok') throw corruptError(file, `is damaged (${damage.join('; ')})`);
    const records = readRecords(db);
    const report = await auditRecords(records, budgets, nowMs());
    return { ...report, windows: records.windows };
  } finally {
    db.close();
  }
}

function requireSchema(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version === migrations.length) return;
  throw new TeelammaError(
    'state-unwritable',
    version > migrations.length
      ? `The ledger ${file} was written by a newer version of claude-teelamma (schema ${version}; this version knows ${migrations.length}). Update claude-teelamma.`
      : `The ledger ${file} is of an older version (schema ${version} of ${migrations.length}), and an audit changes nothing. Run \`teelamma budget\` once, which brings it up to date.`,
  );
}
