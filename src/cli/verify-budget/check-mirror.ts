import { readFileSync } from 'node:fs';
import { codeOf } from '../../errors.ts';
import type { WindowRecord } from '../../state/audit/LedgerRecords.ts';
import { budgetStatus } from '../../state/budget-status.ts';
import type { BudgetSpec } from '../../state/Ledger.ts';
import { type MirrorContent, parseMirror } from '../../state/mirror-content.ts';

export type MirrorFinding =
  | { readonly status: 'equal' | 'none' }
  | { readonly status: 'stale'; readonly note: string }
  | { readonly status: 'wrong'; readonly problem: string };

/** Where readers of the mirror are misled is a problem; what the next write mends and misleads nobody is a note. */
export function checkMirror(
  file: string,
  windows: readonly WindowRecord[],
  budget: BudgetSpec,
  nowMs: number,
): MirrorFinding {
  const mirror = readMirror(file);
  if (mirror === 'none') return { status: 'none' };
  const mend = 'The ledger is what counts; the next task writes the file anew.';
  if (mirror === null) {
    return { status: 'wrong', problem: `${file} is no valid budget file. ${mend}` };
  }
  const latest = windows.filter(({ budget: name, ended }) => name === budget.name && !ended).at(-1) ?? null;
  const status = budgetStatus(budget, latest, nowMs);
  const used = status.settledTokens + status.heldTokens;
  // Whoever reads it takes a window that has ended for an empty one.
  const shown = mirror.resetTime <= nowMs ? 0 : mirror.used;
  if (shown !== used) {
    return {
      status: 'wrong',
      problem: `${file} says ${mirror.used} used, the ledger says ${used}: it was changed by hand, or a process was killed before it wrote it. ${mend}`,
    };
  }
  const hasWindow = status.windowStartMs !== null;
  if (hasWindow && (mirror.resetTime !== status.resetAtMs || mirror.dailyLimit !== budget.limitTokens)) {
    return {
      status: 'stale',
      note: `${file} has the limit ${mirror.dailyLimit} and its reset at ${new Date(mirror.resetTime).toISOString()}; the configuration of now says ${budget.limitTokens} and ${new Date(status.resetAtMs).toISOString()}. ${mend}`,
    };
  }
  return { status: 'equal' };
}

function readMirror(file: string): MirrorContent | 'none' | null {
  try {
    return parseMirror(readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'none';
    return null;
  }
}
