import type { Environment } from '../../config/Config.ts';
import { resolvePaths } from '../../config/paths.ts';
import { processScope } from '../../config/process-scope.ts';
import { overviewFor, usedShare } from '../../state/budget-overview.ts';
import { clockTime, localTime } from '../clock-time.ts';
import { knownBudgets } from '../known-budgets.ts';
import type { QuickContext } from '../QuickContext.ts';
import { readHookInput } from '../read-hook-input.ts';
import { claimWarning } from './claim-warning.ts';
import { hookAnswer } from './hook-answer.ts';
import { type HookInput, parseHookInput } from './hook-input.ts';

/**
 * Answers one call of Claude Code's: a warning where a budget has reached a threshold, nothing where it has not. It reads the copy of the
 * budgets and waits for no lock. Never throws, and the exit code is 0: whatever is wrong here, Claude Code goes on. TEELAMMA_DEBUG=1 tells.
 */
export async function runHook(context: QuickContext): Promise<void> {
  try {
    const text = context.isTerminal.stdin ? '' : await readHookInput(context.stdin);
    const answer = await answerTo(parseHookInput(text), context);
    if (answer) context.stdout.write(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    if (context.environment['TEELAMMA_DEBUG'] && error instanceof Error)
      context.stderr.write(`${error.stack}\n`);
  }
}

async function answerTo(input: HookInput, { environment, nowMs }: QuickContext) {
  const paths = resolvePaths(environment);
  const now = nowMs();
  const all = await knownBudgets(environment, now);
  if (all === null) return null;
  const { project, user } = processScope(environment, 'cli', input.folder ?? process.cwd());
  const budgets = overviewFor(all, { ...(project && { project }), ...(user && { user }) });
  const isGone = budgets.some((budget) => usedShare(budget) >= 1);
  return hookAnswer(budgets, isGone && (await isBlocking(input, environment)), {
    claim: (budget, percent) => claimWarning(paths.hookFolder, input.sessionId, budget, percent, now),
    clock: (atMs) => clockTime(atMs, now, localTime),
  });
}

/** The configuration is read only where it matters: that takes longer than all the rest. */
async function isBlocking({ event }: HookInput, environment: Environment): Promise<boolean> {
  if (event !== 'UserPromptSubmit') return false;
  const { loadConfig } = await import('../../config/load-config.ts');
  return loadConfig(environment).config.hook.block;
}
