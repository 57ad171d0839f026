import type { Reviewer } from '../../agents/critic/reviewers.ts';
import type { Strategy } from '../../agents/strategy.ts';
import { loadConfig } from '../../config/load-config.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import { NoSpecialistAvailableError } from '../../turn/NoSpecialistAvailableError.ts';
import { type AgentFlag, agentName } from '../agent-option.ts';
import { budgetDocument } from '../budget/budget-document.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { readTask } from '../read-task.ts';
import type { ApplyReport } from './apply-result.ts';
import { NothingSetUpError } from './NothingSetUpError.ts';
import { TaskDisplay } from './TaskDisplay.ts';
import { type WorkspaceFlags, workspacePlan } from './workspace-options.ts';

export interface RunOptions extends WorkspaceFlags {
  readonly file?: string;
  readonly agent?: AgentFlag;
  readonly strategy?: Strategy;
  readonly reviewer?: Reviewer;
  readonly maxTokens?: string;
  readonly simulate?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const mostOutputTokens = 1_000_000;

/** Does a task and shows it. The exit code says whether the critic approves the answer. */
export async function runTask(
  context: CliContext,
  words: readonly string[],
  options: RunOptions,
): Promise<void> {
  const maxTokens =
    options.maxTokens === undefined
      ? undefined
      : parseWholeNumber('--max-tokens', options.maxTokens, 1, mostOutputTokens);
  const plan = workspacePlan(options);
  const task = await readTask(context, words, options.file);
  const simulated = options.simulate === true;
  const { config } = loadConfig(context.environment);
  const { signal } = context;
  const work = plan && (await (await import('./WorkspaceRun.ts')).WorkspaceRun.open(plan, config, context));
  const { createApp } = await import('../../app.ts');
  const display = new TaskDisplay(
    {
      quiet: options.quiet === true,
      // Between its tools a specialist says what it will do next, which is no answer yet.
      streams: options.json !== true && context.isTerminal.stdout && work === null,
      simulated,
      notifies: config.notifications.terminal,
      thresholdsPercent: config.budget.thresholdsPercent,
    },
    context,
  );
  try {
    display.start();
    signal.addEventListener('abort', () => display.interrupted(), { once: true });
    await using app = await createApp({
      door: 'cli',
      environment: context.environment,
      simulate: simulated,
      telemetry: 'variables',
      onWarning: (message) => display.show({ type: 'warning', message }),
    });
    const result = await app.pipeline.executeTask(task, agentName(options.agent), {
      signal,
      onEvent: (event) => display.show(event),
      ...(maxTokens !== undefined && { maxTokens }),
      ...(work && { workspace: work.stage }),
      ...(options.strategy && { strategy: options.strategy }),
      ...(options.reviewer && { reviewer: options.reviewer }),
    });
    display.stop();
    if (result.verdict.outcome !== 'approved') context.setExitCode(exitCodes.notApproved);
    if (!options.json) {
      display.finish(result);
      work?.show(result);
    }
    const report: ApplyReport | null = work && (await work.apply(task, result));
    const budgets = result.budgets.map(budgetDocument);
    const workspace = work && { folder: work.stage.folder, ...report };
    if (options.json)
      writeJson(context, { ...result, budgets, pricesAsOf, simulated, ...(workspace && { workspace }) });
    else if (report) work?.tell(report, options.quiet === true);
    if (report && !report.applied && !report.isExpected && result.verdict.outcome === 'approved') {
      context.setExitCode(exitCodes.notApplied);
    }
  } catch (error) {
    display.stop();
    if (error instanceof NoSpecialistAvailableError) throw NothingSetUpError.from(error, config) ?? error;
    throw error;
  }
}
