import { explainComplexity } from '../../agents/explain-complexity.ts';
import type { RoutingDecision } from '../../agents/routing-decision.ts';
import type { Strategy } from '../../agents/strategy.ts';
import { bareAmount } from '../../messages/format-amount.ts';
import { formatTokens, percentOf } from '../../messages/format-tokens.ts';
import { checkTask } from '../../pipeline/check-task.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { type AgentFlag, agentName } from '../agent-option.ts';
import { budgetDocument } from '../budget/budget-document.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { formatBar, paintOf } from '../format-bar.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { readTask } from '../read-task.ts';
import { wrapText } from '../wrap-text.ts';

export interface RouteOptions {
  readonly file?: string;
  readonly agent?: AgentFlag;
  readonly strategy?: Strategy;
  readonly json?: boolean;
}

/** Shows the decision that `run` would take now. Nothing is spent or held. */
export async function showRoute(
  context: CliContext,
  words: readonly string[],
  options: RouteOptions,
): Promise<void> {
  const task = await readTask(context, words, options.file);
  checkTask(task);
  const { createApp } = await import('../../app.ts');
  await using app = await createApp({
    door: 'cli',
    environment: context.environment,
    onWarning: (message) => writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  });
  const decision = await app.coordinator.preview(task, agentName(options.agent), {
    strategy: options.strategy,
  });
  const budgets = await app.ledger.status({
    complexity: decision.complexity.level,
    model: app.config.claude.model,
  });
  if (options.json) {
    writeJson(context, { ...decision, budgets: budgets.map(budgetDocument) });
    return;
  }
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : Number.POSITIVE_INFINITY;
  const lines = [
    ...decisionLines(decision, context),
    ...budgets.map((budget) => budgetLine(budget, app.config.budget.thresholdsPercent, context)),
    '',
    ...explainComplexity(decision.complexity),
  ];
  for (const line of lines) writeLine(context, wrapText(line, width, '       '));
}

function decisionLines(decision: RoutingDecision, { style }: CliContext): string[] {
  return [
    `${style.bold(decision.targetAgent)}: ${decision.reason}`,
    ...(decision.warning ? [style.yellow(`Warning: ${decision.warning}`)] : []),
    `Confidence ${decision.confidence.toFixed(2)}; about ${formatTokens(decision.estimatedTokens)} tokens if Claude does it`,
  ];
}

function budgetLine(
  budget: BudgetStatus,
  thresholdsPercent: readonly number[],
  { style }: CliContext,
): string {
  const percent = percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens);
  const bar = formatBar(budget, { width: 22, thresholdsPercent, style });
  const paint = paintOf(budget, { thresholdsPercent, style });
  return `Budget: ${bar} ${paint(`${percent}%`)}, ${bareAmount(budget, budget.remainingTokens)} of ${bareAmount(budget, budget.limitTokens)} left`;
}
