import { existsSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { budgetSource } from '../../config/budget-source.ts';
import type { Config } from '../../config/Config.ts';
import { TeelammaError } from '../../errors.ts';
import type { AuditCounts } from '../../state/audit/audit-records.ts';
import { ledgerLocation } from '../../state/postgres/location.ts';
import { checkMirror, type MirrorFinding } from './check-mirror.ts';

export interface InstallationAudit {
  /** A file, or a URL without its password. */
  readonly location: string;
  /** Null: there is no ledger yet, or it cannot be read. */
  readonly counts: AuditCounts | null;
  /** How `token_budget.json` stands to the ledger; `skipped` where it was not compared. */
  readonly mirror: MirrorFinding['status'] | 'skipped';
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Processes write the mirror a moment after their commit. */
const mirrorPauseMs = 400;
const mirrorTries = 4;

/** Audits the ledger of an installation and its JSON mirror; changes nothing. What cannot be read is a problem, not an error. */
export async function auditInstallation(config: Config, nowMs: () => number): Promise<InstallationAudit> {
  const { url } = config.ledger;
  const location = url === undefined ? config.paths.ledgerFile : ledgerLocation(url);
  if (url === undefined && !existsSync(location)) {
    const notes = ['There is no ledger yet: it is made at first use.'];
    return { location, counts: null, mirror: 'skipped', problems: [], notes };
  }
  try {
    return url === undefined
      ? await auditOwnFile(config, location, nowMs)
      : await auditShared(config, url, location);
  } catch (error) {
    if (!(error instanceof TeelammaError)) throw error;
    return { location, counts: null, mirror: 'skipped', problems: [error.message], notes: [] };
  }
}

async function auditOwnFile(
  config: Config,
  location: string,
  nowMs: () => number,
): Promise<InstallationAudit> {
  const { auditFile } = await import('../../state/sqlite/audit-file.ts');
  const { budgetFile } = config.paths;
  const budgets = budgetSource(config)();
  const [first] = budgets;
  for (let round = 1; ; round += 1) {
    const writtenMs = modifiedMs(budgetFile);
    const report = await auditFile(location, budgets, nowMs);
    const { counts, problems, notes } = report;
    const finding: MirrorFinding = first
      ? checkMirror(budgetFile, report.windows, first, nowMs())
      : { status: 'none' };
    if (finding.status !== 'wrong') {
      const stale = finding.status === 'stale' ? [finding.note] : [];
      return { location, counts, mirror: finding.status, problems, notes: [...notes, ...stale] };
    }
    await delay(mirrorPauseMs);
    if (round < mirrorTries) continue;
    if (modifiedMs(budgetFile) !== writtenMs) {
      const note = `${budgetFile} changes all the time, since tasks are running; it was not compared.`;
      return { location, counts, mirror: 'skipped', problems, notes: [...notes, note] };
    }
    // A window that does not add up is what makes the two differ then.
    return { location, counts, mirror: 'wrong', problems: [...problems, finding.problem], notes };
  }
}

/** This machine's mirror is as of its own last round trip, so it may differ from what others did since. */
async function auditShared(config: Config, url: string, location: string): Promise<InstallationAudit> {
  const { auditDatabase } = await import('../../state/postgres/audit-database.ts');
  const { counts, problems, notes } = await auditDatabase(url, budgetSource(config)());
  const note = `${config.paths.budgetFile} was not compared: on a shared ledger it is as of this machine's last task.`;
  return { location, counts, mirror: 'skipped', problems, notes: [...notes, note] };
}

function modifiedMs(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
