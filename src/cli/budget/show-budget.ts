import { existsSync } from 'node:fs';
import type { Config } from '../../config/Config.ts';
import { type LoadedConfig, loadConfig } from '../../config/load-config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import type { SettingKey } from '../../config/settings.ts';
import { formatTokens, percentOf } from '../../messages/format-tokens.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { formatBar, paintOf } from '../format-bar.ts';
import { formatCountdown, formatMoment } from '../format-time.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { environmentNameOf } from '../override-of.ts';
import { wrapText } from '../wrap-text.ts';
import { statusDocument } from './status-document.ts';

const widestBar = 60;

/** Shows every budget: used, held, remaining, thresholds, when it resets, and where its limit comes from. */
export async function showBudget(context: CliContext, { json }: { readonly json: boolean }): Promise<void> {
  const loaded = loadConfig(context.environment);
  const budgets = await readBudgets(context, loaded.config);
  if (json) writeJson(context, statusDocument(budgets, loaded));
  else for (const budget of budgets) writeBudget(context, budget, loaded);
}

/** An older installation's file is imported only where the ledger was never used: reading it at every start would cost. */
async function readBudgets(context: CliContext, config: Config): Promise<readonly BudgetStatus[]> {
  const { openBudget, openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const budgets = await ledger.status();
  if (budgets.some(({ windowStartMs }) => windowStartMs !== null)) return budgets;
  if (!existsSync(config.paths.budgetFile)) return budgets;
  await using _imported = await openBudget(config, ledger, (message) =>
    writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  );
  return await ledger.status();
}

function writeBudget(context: CliContext, budget: BudgetStatus, loaded: LoadedConfig): void {
  const { style } = context;
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
  const { thresholdsPercent } = loaded.config.budget;
  const percent = percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens);
  const paint = paintOf(budget, { thresholdsPercent, style });
  const label = ` ${percent}%`;
  const bar = formatBar(budget, {
    width: Math.min(widestBar, width) - label.length,
    thresholdsPercent,
    style,
  });
  const amounts = [
    `${formatTokens(budget.settledTokens)} used`,
    `${formatTokens(budget.heldTokens)} held`,
    `${formatTokens(budget.remainingTokens)} remaining`,
  ];
  const thresholds = thresholdsPercent.map((threshold) =>
    percent >= threshold ? paint(`${threshold}% reached`) : style.dim(`${threshold}%`),
  );
  const lines = [
    `${style.bold(`Token budget ${budget.name}`)}: ${formatTokens(budget.limitTokens)} tokens per ${formatDuration(budget.windowMs)}`,
    bar + paint(label),
    amounts.join(' · '),
    ...(budget.overdraftTokens > 0
      ? [
          style.red(
            `${formatTokens(budget.overdraftTokens)} tokens of overdraft: spent above the limit by force`,
          ),
        ]
      : []),
    `Thresholds: ${thresholds.join(', ')}`,
    resetLine(context, budget),
    style.dim(`Limit from ${describeSource(loaded, 'budget.limit')}`),
  ];
  for (const line of lines) writeLine(context, wrapText(line, width, '  '));
}

function resetLine(context: CliContext, budget: BudgetStatus): string {
  if (budget.windowStartMs === null) {
    return `Not used yet: a window of ${formatDuration(budget.windowMs)} starts with the first use`;
  }
  const countdown = formatCountdown(budget.resetAtMs - context.nowMs());
  return `Resets ${formatMoment(budget.resetAtMs, context.timeZone)}, in ${countdown}`;
}

/** Where a setting's value comes from, in words. */
function describeSource({ sources, config }: LoadedConfig, key: SettingKey): string {
  if (sources.get(key) === 'environment') return `the environment (${environmentNameOf(key)})`;
  return sources.get(key) === 'file'
    ? config.paths.configFile
    : 'the default; change it with `teelamma budget set`';
}
