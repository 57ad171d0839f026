import { existsSync } from 'node:fs';
import type { Config, ConfiguredBudget } from '../../config/Config.ts';
import { type LoadedConfig, loadConfig } from '../../config/load-config.ts';
import { environmentNameOf } from '../../config/override-of.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import { unpricedModel } from '../../config/prices/unpriced-model.ts';
import type { SettingKey } from '../../config/settings.ts';
import { amountText, bareAmount } from '../../messages/format-amount.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import type { Forecast } from '../../state/forecast.ts';
import type { BudgetStatus, Ledger } from '../../state/Ledger.ts';
import { budgetTitle } from '../../state/scope.ts';
import { leastLeft } from '../../state/tokens-left.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { formatBar, paintOf } from '../format-bar.ts';
import { formatMoment } from '../format-time.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { wrapText } from '../wrap-text.ts';
import { forecastLine } from './forecast-line.ts';
import { statusDocument } from './status-document.ts';

const widestBar = 60;

/** Shows every budget: used, held, remaining, thresholds, when it resets, which one binds, and where its limit comes from. */
export async function showBudget(context: CliContext, { json }: { readonly json: boolean }): Promise<void> {
  const loaded = loadConfig(context.environment);
  const { budgets, binding, forecasts } = await readBudgets(context, loaded.config, !json);
  // Loaded only where there is something to show: most of a start is loading.
  const shown = existsSync(loaded.config.paths.claudeLimitsFile)
    ? await import('./reported-limits.ts')
    : null;
  const limits = (await shown?.readReportedLimits(context, loaded.config)) ?? [];
  if (json) {
    const claude = shown?.reportedLimitsDocument(limits, loaded.config, context.nowMs()) ?? null;
    writeJson(context, { ...statusDocument(budgets, loaded, binding), claude });
    return;
  }
  for (const [index, budget] of budgets.entries()) {
    writeBudget(context, budget, loaded, forecasts[index]);
    if (budgets.length > 1) writeLine(context);
  }
  if (budgets.length > 1 && binding) {
    const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
    writeLine(context, wrapText(bindingLine(context, binding, loaded.config), width, '  '));
  }
  shown?.writeReportedLimits(context, limits, loaded.config);
}

interface Budgets {
  readonly budgets: readonly BudgetStatus[];
  /** The one that has the least left for a complex task in this folder. */
  readonly binding: BudgetStatus | null;
  /** In the order of the budgets; none where they were not asked for. */
  readonly forecasts: readonly Forecast[];
}

/** An older installation's file is imported only where the ledger was never used: reading it at every start would cost. */
async function readBudgets(context: CliContext, config: Config, withForecasts: boolean): Promise<Budgets> {
  const { openBudget, openLedger, scopeHere } = await import('../../app.ts');
  const hasSeveral = config.budgets.length > 0;
  await using ledger = await openLedger(
    config,
    undefined,
    hasSeveral ? scopeHere(context.environment) : undefined,
  );
  const budgets = await ledger.status();
  const isUsed = budgets.some(({ windowStartMs }) => windowStartMs !== null);
  if (isUsed || !existsSync(config.paths.budgetFile)) {
    const forecasts = withForecasts && isUsed ? await forecastsOf(context, ledger, config, budgets) : [];
    return { budgets, binding: await bindingOf(ledger, config), forecasts };
  }
  await using _imported = await openBudget(config, ledger, (message) =>
    writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  );
  return { budgets: await ledger.status(), binding: await bindingOf(ledger, config), forecasts: [] };
}

/** Loaded only for people: `budget --json` starts in no time, and `budget forecast --json` has it. */
async function forecastsOf(
  context: CliContext,
  ledger: Ledger,
  config: Config,
  budgets: readonly BudgetStatus[],
): Promise<readonly Forecast[]> {
  const { forecastBudgets } = await import('../../state/forecast.ts');
  const { budgetSource } = await import('../../config/budget-source.ts');
  return forecastBudgets(ledger, budgetSource(config)(), budgets, context.nowMs());
}

async function bindingOf(ledger: Ledger, config: Config): Promise<BudgetStatus | null> {
  return leastLeft(await ledger.status({ complexity: 'complex', model: config.claude.model }));
}

function bindingLine(context: CliContext, binding: BudgetStatus, config: Config): string {
  const left = amountText(binding, binding.remainingTokens);
  return `${context.style.bold(budgetTitle(binding))} binds now: it has the least left, ${left}, for a complex task on ${config.claude.model} in this folder.`;
}

function writeBudget(
  context: CliContext,
  budget: BudgetStatus,
  loaded: LoadedConfig,
  found?: Forecast,
): void {
  const { style } = context;
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
  const { thresholdsPercent } = configuredBudget(budget, loaded.config);
  const percent = percentOf(budget.settledTokens + budget.heldTokens, budget.limitTokens);
  const paint = paintOf(budget, { thresholdsPercent, style });
  const label = ` ${percent}%`;
  const bar = formatBar(budget, {
    width: Math.min(widestBar, width) - label.length,
    thresholdsPercent,
    style,
  });
  const amounts = [
    `${bareAmount(budget, budget.settledTokens)} used`,
    `${bareAmount(budget, budget.heldTokens)} held`,
    `${bareAmount(budget, budget.remainingTokens)} remaining`,
  ];
  const thresholds = thresholdsPercent.map((threshold) =>
    percent >= threshold ? paint(`${threshold}% reached`) : style.dim(`${threshold}%`),
  );
  const lines = [
    `${style.bold(`Token budget ${budgetTitle(budget)}`)}: ${amountText(budget, budget.limitTokens)} per ${windowText(budget)}`,
    bar + paint(label),
    amounts.join(' · '),
    ...(budget.overdraftTokens > 0
      ? [
          style.red(
            `${amountText(budget, budget.overdraftTokens)} of overdraft: spent above the limit by force`,
          ),
        ]
      : []),
    `Thresholds: ${thresholds.join(', ')}`,
    resetLine(context, budget),
    ...forecastLines(context, budget, found),
    ...matchLines(configuredBudget(budget, loaded.config)),
    ...countLines(configuredBudget(budget, loaded.config), loaded.config, context.nowMs()),
    style.dim(`Limit from ${limitSource(budget, loaded)}`),
  ];
  for (const line of lines) writeLine(context, wrapText(line, width, '  '));
}

function resetLine(context: CliContext, budget: BudgetStatus): string {
  if (budget.windowStartMs === null) {
    return `Not used yet: a window ${windowLength(context, budget)} starts with the first use`;
  }
  const countdown = formatCountdown(budget.resetAtMs - context.nowMs());
  return `Resets ${formatMoment(budget.resetAtMs, context.timeZone)}, in ${countdown}`;
}

function forecastLines(context: CliContext, budget: BudgetStatus, found: Forecast | undefined): string[] {
  const isToBeSaid = found && budget.windowStartMs !== null && found.verdict !== 'too-little-known';
  const line = isToBeSaid ? forecastLine(budget, found, context.nowMs(), context.timeZone) : null;
  return line === null ? [] : [line];
}

/** The settings of a budget; a budget that was taken out of config.json this moment has those of the default one. */
function configuredBudget(
  { name }: BudgetStatus,
  { budget, budgets }: Config,
): Pick<ConfiguredBudget, 'thresholdsPercent' | 'match' | 'counts'> {
  return budgets.find((one) => one.name === name) ?? budget;
}

function windowText({ calendar, windowMs }: BudgetStatus): string {
  if (!calendar) return formatDuration(windowMs);
  const hour = `${String(calendar.hour).padStart(2, '0')}:00`;
  const from = { day: hour, week: `Monday ${hour}`, month: `the 1st, ${hour}` }[calendar.period];
  return `${calendar.period}, from ${from} (${calendar.timeZone})`;
}

function windowLength(context: CliContext, { calendar, windowMs, resetAtMs }: BudgetStatus): string {
  return calendar ? `until ${formatMoment(resetAtMs, context.timeZone)}` : `of ${formatDuration(windowMs)}`;
}

function matchLines({ match }: Pick<ConfiguredBudget, 'match'>): string[] {
  if (!match) return [];
  const parts = Object.entries(match).map(([part, accepted]) => `${part} ${accepted.join(' or ')}`);
  return [`Limits only: ${parts.join(', ')}`];
}

/** What the budget counts, where that is not tokens one by one. */
function countLines(
  { counts }: Pick<ConfiguredBudget, 'counts'>,
  { claude, prices }: Config,
  nowMs: number,
): string[] {
  if (counts?.unit === 'tokens') {
    const { input, cacheWrite1h, cacheRead, output } = counts.weights;
    return [
      `A token counts ${input} as input, ${cacheWrite1h} written to the cache, ${cacheRead} read from it, ${output} as output`,
    ];
  }
  if (counts?.unit !== 'micro-usd') return [];
  const unpriced = unpricedModel(claude.model, prices, nowMs);
  return [
    `List prices as of ${pricesAsOf}, and those of \`prices\` in config.json`,
    ...(unpriced ? [unpriced] : []),
  ];
}

function limitSource({ name }: BudgetStatus, loaded: LoadedConfig): string {
  const isListed = loaded.config.budgets.some((one) => one.name === name);
  return isListed ? `${loaded.config.paths.configFile} (budgets)` : describeSource(loaded, 'budget.limit');
}

/** Where a setting's value comes from, in words. */
function describeSource({ sources, config }: LoadedConfig, key: SettingKey): string {
  if (sources.get(key) === 'environment') return `the environment (${environmentNameOf(key)})`;
  return sources.get(key) === 'file'
    ? config.paths.configFile
    : 'the default; change it with `teelamma budget set`';
}
