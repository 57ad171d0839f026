import { pricesAsOf } from '../../config/prices/price-table.ts';
import { bareAmount } from '../../messages/format-amount.ts';
import { formatTokens, percentOf } from '../../messages/format-tokens.ts';
import { formatUsd } from '../../messages/format-usd.ts';
import { budgetTitle } from '../../state/scope.ts';
import type { TaskResult } from '../../task-events.ts';
import type { CliContext } from '../CliContext.ts';
import { formatBar, paintOf } from '../format-bar.ts';
import { printable } from '../printable.ts';
import { stillCharged } from './still-charged.ts';

export interface SummaryOptions {
  readonly simulated: boolean;
  readonly thresholdsPercent: readonly number[];
}

const barWidth = 22;

/** What came of a task: who did it and why, what the critic says, what it cost, and what is left. */
export function summaryLines(
  result: TaskResult,
  { simulated, thresholdsPercent }: SummaryOptions,
  { errorStyle: style }: CliContext,
): string[] {
  const { verdict, decision, budgets } = result;
  const isApproved = verdict.outcome === 'approved';
  const outcome = isApproved
    ? style.green('approved by the critic')
    : style.red(`not approved: ${verdict.outcome}`);
  const mark = simulated ? style.yellow(' [simulated]') : '';
  return [
    `${style.bold(result.agent)} (${result.model})${mark} · ${outcome}`,
    ...verdict.issues.map(({ severity, message, line }) => {
      const where = line === undefined ? '' : ` (line ${line})`;
      return `  ${severity === 'error' ? style.red('error') : style.yellow('warning')}: ${printable(message)}${where}`;
    }),
    `Reason: ${printable(decision.reason)}`,
    ...result.handovers.map((handover) => {
      const { from, to, reason } = handover;
      return `Handover: ${from} to ${to}, because ${printable(reason)}${stillCharged(handover)}`;
    }),
    `Tokens: ${formatTokens(result.chargedTokens)} charged to the budget, ${formatTokens(result.estimatedTokens)} estimated${costText(result)}`,
    ...budgets.map((budget) => {
      const percent = percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens);
      const bar = formatBar(budget, { width: barWidth, thresholdsPercent, style });
      const paint = paintOf(budget, { thresholdsPercent, style });
      const left = `${bareAmount(budget, budget.remainingTokens)} of ${bareAmount(budget, budget.limitTokens)} left`;
      const title = budgets.length > 1 ? ` ${budgetTitle(budget)}` : '';
      return `Budget${title}: ${bar} ${paint(`${percent}%`)}, ${left}`;
    }),
  ];
}

/** What the answered calls to Claude cost; nothing where Claude was not asked. */
function costText({ costUsd, turns }: TaskResult): string {
  if (!turns.some(({ chargedTokens }) => chargedTokens > 0)) return '';
  if (costUsd === null) return '; their price is not known';
  return `; ${formatUsd(costUsd * 1e6)} by list prices as of ${pricesAsOf}`;
}
