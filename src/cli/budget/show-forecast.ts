import { budgetSource } from '../../config/budget-source.ts';
import { loadConfig } from '../../config/load-config.ts';
import { amountText } from '../../messages/format-amount.ts';
import { forecastBudgets } from '../../state/forecast.ts';
import { budgetTitle } from '../../state/scope.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { formatMoment } from '../format-time.ts';
import { writeJson, writeLine } from '../output.ts';
import { wrapText } from '../wrap-text.ts';
import { forecastLine } from './forecast-line.ts';

/** Says of each budget when it ends at the present pace. */
export async function showForecast(context: CliContext, { json }: { readonly json: boolean }): Promise<void> {
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const nowMs = context.nowMs();
  const budgets = await ledger.status();
  const forecasts = await forecastBudgets(ledger, budgetSource(config)(), budgets, nowMs);
  const both = budgets.flatMap((budget, index) => {
    const found = forecasts[index];
    return found ? [{ budget, found }] : [];
  });
  if (json) {
    writeJson(context, {
      nowMs,
      forecasts: both.map(({ budget, found }) => ({
        budget: budget.name,
        ...(budget.each && { each: budget.each }),
        unit: budget.unit ?? 'tokens',
        limit: budget.limitTokens,
        remaining: budget.remainingTokens,
        ...found,
      })),
    });
    return;
  }
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
  for (const { budget, found } of both) {
    const left = amountText(budget, budget.remainingTokens);
    const reset = formatMoment(budget.resetAtMs, context.timeZone);
    const title = `${context.style.bold(budgetTitle(budget))}: ${left} left`;
    writeLine(context, `${title}${budget.windowStartMs === null ? '' : `, resets ${reset}`}`);
    const line =
      forecastLine(budget, found, nowMs, context.timeZone) ?? 'Exhausted: tasks go to Ollama until the reset';
    writeLine(context, wrapText(`  ${line}`, width, '  '));
    if (found.perHour !== null) {
      const basis = `  From ${found.hours} hours, ${found.busyHours} of them with use; recent ones count most.`;
      writeLine(context, context.style.dim(basis));
    }
  }
}
