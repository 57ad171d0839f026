import { resolvePaths } from '../../config/paths.ts';
import { readMirror } from '../../state/budget-mirror.ts';
import { CoolDown } from '../../state/CoolDown.ts';
import type { CliContext } from '../CliContext.ts';
import { writeLine } from '../output.ts';
import { createStyle, wantsColor } from '../style.ts';
import { parseSessionLimits } from './session-limits.ts';
import { statusLine } from './status-line.ts';

/** Claude Code sends a few kilobytes at once and closes; nobody else may make the line wait or grow. */
const longestWaitMs = 1_000;
const mostCharacters = 1_000_000;

/**
 * Prints the status line from the budget's mirror: the ledger is not opened, so this creates nothing and waits for no lock. Claude
 * Code reads it through a pipe and shows colours all the same, so they are on unless NO_COLOR or --no-color says no.
 */
export async function showStatusLine(context: CliContext, wantsColors: boolean): Promise<void> {
  const paths = resolvePaths(context.environment);
  const nowMs = context.nowMs();
  const session = parseSessionLimits(context.isTerminal.stdin ? '' : await readInput(context.stdin));
  const coolDown = new CoolDown(
    { file: paths.coolDownFile },
    { nowMs: context.nowMs, onProblem: () => undefined },
  );
  const line = statusLine({
    session,
    budget: readMirror(paths.budgetFile),
    coolDownUntilMs: coolDown.current()?.untilMs ?? null,
    nowMs,
    timeZone: context.timeZone,
    width: widthOf(context.environment['COLUMNS']),
    style: createStyle(wantsColor(context.environment, true, !wantsColors)),
  });
  writeLine(context, line);
}

async function readInput(stdin: NodeJS.ReadStream): Promise<string> {
  const timer = setTimeout(() => stdin.destroy(), longestWaitMs);
  let text = '';
  try {
    for await (const chunk of stdin) {
      text += String(chunk);
      if (text.length > mostCharacters) break;
    }
  } catch {
    // A stdin that was cut off or is closed: what came is what there is.
  } finally {
    clearTimeout(timer);
  }
  return text;
}

function widthOf(columns: string | undefined): number {
  return columns && /^[1-9]\d{0,4}$/.test(columns) ? Math.max(20, Number(columns)) : 120;
}
