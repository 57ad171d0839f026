import { writeConfigFile } from '../../config/config-file.ts';
import { checkSetting, loadConfig } from '../../config/load-config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { parseUsd } from '../../config/parse-usd.ts';
import { resolvePaths } from '../../config/paths.ts';
import { amountText } from '../../messages/format-amount.ts';
import type { CliContext } from '../CliContext.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { overrideOf } from '../override-of.ts';

export interface SetBudgetOptions {
  readonly limit: string;
  readonly window: string | undefined;
  readonly json: boolean;
}

/** A single call needs about this much, with its question and the shortest useful answer. */
const usefulTokens = 1_000;
/** The same in micro-dollars, by the price of a middling model. */
const usefulMicroUsd = 10_000;

/** Writes the limit, and the window where one is given, into config.json. */
export function setBudget(context: CliContext, { limit, window, json }: SetBudgetOptions): void {
  const checked = checkSetting('budget.limit', limit, 'the command line') as number | string;
  const set =
    typeof checked === 'string'
      ? { unit: 'micro-usd' as const, amount: parseUsd(checked) ?? 0 }
      : { amount: checked };
  if (window !== undefined) checkSetting('budget.window', window, 'the command line');
  const { configFile } = resolvePaths(context.environment);
  writeConfigFile(configFile, {
    'budget.limit': checked,
    ...(window !== undefined && { 'budget.window': window }),
  });

  const { config } = loadConfig(context.environment);
  const overrides = (['budget.limit', 'budget.window'] as const).flatMap(
    (key) => overrideOf(context.environment, key) ?? [],
  );
  if (json) {
    const { limitTokens: effective, counts, windowMs } = config.budget;
    writeJson(context, {
      ...(set.unit ? { limitUsd: set.amount / 1e6 } : { limitTokens: set.amount }),
      ...(counts?.unit === 'micro-usd'
        ? { effectiveLimitUsd: effective / 1e6 }
        : { effectiveLimitTokens: effective }),
      windowMs,
      file: configFile,
      overrides,
    });
    return;
  }
  const { windowMs } = config.budget;
  writeLine(context, `Limit set to ${amountText(set, set.amount)} per ${formatDuration(windowMs)}.`);
  for (const override of overrides) writeNote(context, context.errorStyle.yellow(override));
  const useful = set.unit ? usefulMicroUsd : usefulTokens;
  if (set.amount < useful) {
    const hint = `Few calls need less than ${amountText(set, useful)}: nearly every task will go to Ollama.`;
    writeNote(context, context.errorStyle.yellow(hint));
  }
}
