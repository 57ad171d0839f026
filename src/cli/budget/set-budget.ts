import { writeConfigFile } from '../../config/config-file.ts';
import { checkSetting, loadConfig } from '../../config/load-config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { resolvePaths } from '../../config/paths.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
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

/** Writes the limit, and the window where one is given, into config.json. */
export function setBudget(context: CliContext, { limit, window, json }: SetBudgetOptions): void {
  const limitTokens = checkSetting('budget.limit', limit, 'the command line');
  if (window !== undefined) checkSetting('budget.window', window, 'the command line');
  const { configFile } = resolvePaths(context.environment);
  writeConfigFile(configFile, {
    'budget.limit': limitTokens,
    ...(window !== undefined && { 'budget.window': window }),
  });

  const { config } = loadConfig(context.environment);
  const overrides = (['budget.limit', 'budget.window'] as const).flatMap(
    (key) => overrideOf(context.environment, key) ?? [],
  );
  if (json) {
    const { limitTokens: effectiveLimitTokens, windowMs } = config.budget;
    writeJson(context, { limitTokens, effectiveLimitTokens, windowMs, file: configFile, overrides });
    return;
  }
  const { windowMs } = config.budget;
  writeLine(
    context,
    `Limit set to ${formatTokens(Number(limitTokens))} tokens per ${formatDuration(windowMs)}.`,
  );
  for (const override of overrides) writeNote(context, context.errorStyle.yellow(override));
  if (Number(limitTokens) < usefulTokens) {
    const hint = `Few calls need less than ${formatTokens(usefulTokens)} tokens: nearly every task will go to Ollama.`;
    writeNote(context, context.errorStyle.yellow(hint));
  }
}
