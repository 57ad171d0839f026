import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../config/make-folder.ts';
import { codeOf } from '../../errors.ts';
import type { OverviewBudget } from '../../state/budget-overview.ts';

/** A session that is older has ended, or may be told again. */
const keepMs = 30 * 86_400_000;

/**
 * Whether a session has still to be told of a threshold in a budget's current window: true once, for whichever process asks first. Each
 * is an empty file, made so that only one can make it. Where none can be made it is true: a warning too many is better than none.
 */
export function claimWarning(
  folder: string,
  sessionId: string,
  budget: OverviewBudget,
  percent: number,
  nowMs: number,
): boolean {
  const session = join(folder, sessionId);
  const name = [budget.name, budget.each?.value ?? '', budget.resetAtMs ?? 0, percent]
    .join('.')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 200);
  try {
    if (!statSync(session, { throwIfNoEntry: false })) {
      forgetOldSessions(folder, nowMs);
      makeFolder(session);
    }
    closeSync(openSync(join(session, name), 'wx', 0o600));
    return true;
  } catch (error) {
    return codeOf(error) !== 'EEXIST';
  }
}

function forgetOldSessions(folder: string, nowMs: number): void {
  if (!statSync(folder, { throwIfNoEntry: false })) return;
  for (const name of readdirSync(folder)) {
    const session = join(folder, name);
    const found = statSync(session, { throwIfNoEntry: false });
    if (found && nowMs - found.mtimeMs > keepMs) rmSync(session, { recursive: true, force: true });
  }
}
