import { resolvePaths } from '../../config/paths.ts';
import { processScope } from '../../config/process-scope.ts';
import { overviewFor } from '../../state/budget-overview.ts';
import { CoolDown } from '../../state/CoolDown.ts';
import { localTime } from '../clock-time.ts';
import { knownBudgets } from '../known-budgets.ts';
import type { QuickContext } from '../QuickContext.ts';
import { readHookInput } from '../read-hook-input.ts';
import { createStyle, wantsColor } from '../style.ts';
import { keptLimits } from './kept-limits.ts';
import { parseSessionLimits, type SessionLimits } from './session-limits.ts';
import { statusLine } from './status-line.ts';

/** Where COLUMNS says nothing. */
const usualColumns = 120;
/** Claude Code indents the line and keeps the end of the row free. */
const marginColumns = 4;

/**
 * Prints the status line from the copies of the budgets: the ledger is not opened, so this creates nothing and waits for no lock. Claude
 * Code reads it through a pipe and shows colours all the same, so they are on unless NO_COLOR or --no-color says no. Never throws: Claude
 * Code shows nothing of a command that failed, and a line that says so can be acted on. TEELAMMA_DEBUG=1 adds the stack.
 */
export async function showStatusLine(context: QuickContext, wantsColors: boolean): Promise<void> {
  try {
    context.stdout.write(`${await lineFor(context, wantsColors)}\n`);
  } catch (error) {
    context.stdout.write('teelamma: budget not known, see `teelamma doctor`\n');
    if (context.environment['TEELAMMA_DEBUG'] && error instanceof Error)
      context.stderr.write(`${error.stack}\n`);
  }
}

async function lineFor(context: QuickContext, wantsColors: boolean): Promise<string> {
  const { environment } = context;
  const paths = resolvePaths(environment);
  const nowMs = context.nowMs();
  const session = parseSessionLimits(context.isTerminal.stdin ? '' : await readHookInput(context.stdin));
  const coolDown = new CoolDown(
    { file: paths.coolDownFile },
    { nowMs: context.nowMs, onProblem: () => undefined },
  );
  const kept = await keptLimits(paths.claudeLimitsFile, environment, nowMs);
  const said = new Set(session.limits.map(({ name }) => name));
  return statusLine({
    budgets: await budgetsOf(context, session, nowMs),
    limits: [...session.limits, ...kept.filter(({ name }) => !said.has(name))],
    contextPercent: session.contextPercent,
    model: session.model,
    coolDownUntilMs: coolDown.current()?.untilMs ?? null,
    nowMs,
    localTime,
    width: widthOf(environment['COLUMNS']),
    style: createStyle(wantsColor(environment, true, !wantsColors)),
  });
}

async function budgetsOf(
  { environment }: QuickContext,
  { projectFolder, modelId }: SessionLimits,
  nowMs: number,
) {
  const budgets = await knownBudgets(environment, nowMs);
  if (budgets === null || budgets.every(({ match, each }) => !match && !each)) return budgets;
  const { project, user } = processScope(environment, 'cli', projectFolder ?? process.cwd());
  const scope = { ...(project && { project }), ...(user && { user }), ...(modelId && { model: modelId }) };
  return overviewFor(budgets, scope);
}

function widthOf(columns: string | undefined): number {
  const width = columns && /^[1-9]\d{0,4}$/.test(columns) ? Number(columns) : usualColumns;
  return Math.max(10, width - marginColumns);
}
