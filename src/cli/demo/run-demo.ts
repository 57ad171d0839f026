import type { BudgetStatus } from '../../state/Ledger.ts';
import type { TaskEvent } from '../../task-events.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson } from '../output.ts';
import { DemoLedgerWatch } from './DemoLedgerWatch.ts';
import { DemoReport } from './DemoReport.ts';
import { type DemoOutcome, demoOutcome } from './demo-outcome.ts';
import { demoLimitTokens, demoTasks } from './demo-tasks.ts';

/**
 * Runs the demo's tasks one after the other through the real machinery: router, ledger, turns, critic; only the two providers are
 * simulators, in this process. The home is a temporary folder, and nothing of the user's configuration, key or budget takes part.
 * Exit code 1 where the ledger says that the limit was passed.
 */
export async function runDemo(context: CliContext, { json }: { readonly json: boolean }): Promise<void> {
  const { createApp } = await import('../../app.ts');
  const environment = { TEELAMMA_BUDGET: String(demoLimitTokens) };
  await using app = await createApp({ environment, simulate: true });
  const watch = new DemoLedgerWatch(app);
  const report = json ? null : new DemoReport(context, app.config.budget);
  const outcomes: DemoOutcome[] = [];
  report?.opening(app.claude.model, app.ollama.model);
  for (const [index, task] of demoTasks.entries()) {
    const words = task.markers === undefined ? task.text : `${task.text} ${task.markers}`;
    const events: TaskEvent[] = [];
    const result = await app.pipeline.executeTask(words, undefined, {
      signal: context.signal,
      onEvent: (event) => events.push(event),
    });
    const outcome = demoOutcome(task, { result, events }, app);
    outcomes.push(outcome);
    report?.task(index + 1, outcome, bindingBudget(result.budgets));
  }
  const proof = await watch.proof();
  if (report) report.closing(outcomes, proof);
  else writeJson(context, { simulated: true, limitTokens: demoLimitTokens, tasks: outcomes, proof });
  if (proof.everPassedLimit) context.setExitCode(exitCodes.unexpected);
}

function bindingBudget(budgets: readonly BudgetStatus[]): BudgetStatus | undefined {
  return budgets.toSorted((a, b) => a.remainingTokens - b.remainingTokens)[0];
}
