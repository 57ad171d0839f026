import type { RecoveryReport } from '../../../src/state/Ledger.ts';
import type { JournalReport } from '../../../src/verify/journal.ts';
import type { CrowdReport } from './crowd.ts';

/** What is asked of a run. */
export interface RunOptions {
  readonly processes: number;
  readonly turns: number;
  /** Ends the run early, with what it has reached. Default: none. */
  readonly atMostMs?: number;
  readonly seed: number;
  readonly killEveryMs: number;
  /** The child's program; default: from source. */
  readonly program?: string;
  readonly onProgress: (turns: number, killed: number) => void;
}

/** What the stored rows say when all is over, read by statements of the test's own. */
export interface StoredSums {
  readonly windows: number;
  readonly turns: Readonly<Record<string, number>>;
  readonly chargedTokens: number;
  readonly settledInRunWindow: number;
  readonly heldTokens: number;
  readonly openReservations: number;
}

/** The most that any window of a budget ever had settled and held, at any commit. */
export interface Peak {
  readonly budget: string;
  readonly limitTokens: number;
  readonly mostTokens: number;
}

export interface RunReport {
  readonly turns: number;
  readonly seconds: number;
  readonly turnsPerSecond: number;
  readonly processesStarted: number;
  readonly processesKilled: number;
  readonly serverKills?: number;
  /** Looks from outside while the processes ran; each compared every open window with its limit. */
  readonly looks: number;
  readonly peaks: readonly Peak[];
  readonly journal: Omit<JournalReport, 'problems'>;
  /** What the last recovery found, after all processes were gone. */
  readonly recovered: RecoveryReport;
  readonly stored: StoredSums;
  readonly problems: readonly string[];
}

/** The three promises, judged from what was seen and what is stored. */
export function judge(
  crowd: CrowdReport,
  seen: { readonly peaks: readonly Peak[]; readonly looks: number; readonly problems: readonly string[] },
  journal: JournalReport,
  recovered: RecoveryReport,
  stored: StoredSums,
): RunReport {
  const problems = [...crowd.problems, ...seen.problems, ...journal.problems];
  const expect = (isTrue: boolean, problem: string) => {
    if (!isTrue) problems.push(problem);
  };
  for (const { budget, limitTokens, mostTokens } of seen.peaks)
    expect(mostTokens <= limitTokens, `budget ${budget} reached ${mostTokens} of ${limitTokens}`);
  expect(stored.heldTokens === 0, `${stored.heldTokens} tokens stayed held after the recovery`);
  expect(stored.openReservations === 0, `${stored.openReservations} reservations stayed open`);
  expect((stored.turns['in-flight'] ?? 0) === 0, `${stored.turns['in-flight']} turns stayed in flight`);
  expect(
    stored.settledInRunWindow === stored.chargedTokens,
    `the window says ${stored.settledInRunWindow} settled, the turns ${stored.chargedTokens}`,
  );
  expect(
    stored.chargedTokens >= journal.providerTokens,
    `the provider charged ${journal.providerTokens}, the ledger ${stored.chargedTokens}`,
  );
  const turns = Object.values(stored.turns).reduce((sum, count) => sum + count, 0);
  const { problems: _, ...noted } = journal;
  return {
    turns,
    seconds: Math.round(crowd.seconds),
    turnsPerSecond: Math.round(turns / crowd.seconds),
    processesStarted: crowd.processesStarted,
    processesKilled: crowd.processesKilled,
    looks: seen.looks,
    peaks: seen.peaks,
    journal: noted,
    recovered,
    stored,
    problems: problems.slice(0, 50),
  };
}
