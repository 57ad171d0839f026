import type { Config, Environment } from './Config.ts';
import { writeConfigFile } from './config-file.ts';
import { checkSetting, loadConfig } from './load-config.ts';
import { overrideOf } from './override-of.ts';
import { parseUsd } from './parse-usd.ts';
import { resolvePaths } from './paths.ts';

export interface LimitChange {
  /** As people write it: `20k`, `2M`, `$5`. */
  readonly limit: string;
  /** Such as `5h`; as it is where left out. */
  readonly window?: string | undefined;
  /** Where both came from, for an error's message. */
  readonly place: string;
}

export interface LimitChanged {
  /** What was written, in its unit. */
  readonly limit: { readonly unit?: 'micro-usd'; readonly amount: number };
  /** What is in force now, which an environment variable may have made another. */
  readonly config: Config;
  readonly file: string;
  /** Each says that an environment variable stays stronger, and what to do. */
  readonly overrides: readonly string[];
  /** The least that most calls need, where the limit is below it; null where it is not. */
  readonly usefulAmount: number | null;
}

/** A single call needs about this much, with its question and the shortest useful answer. */
const usefulTokens = 1_000;
/** The same in micro-dollars, by the price of a middling model. */
const usefulMicroUsd = 10_000;

/**
 * Writes the limit of the default budget, and its window where one is given, into config.json. Processes that are running follow it.
 * @throws InvalidConfigError for a value that is none, or a file that cannot be read; TeelammaError `state-unwritable`
 */
export function setBudgetLimit(
  environment: Environment,
  { limit, window, place }: LimitChange,
): LimitChanged {
  const checked = checkSetting('budget.limit', limit, place) as number | string;
  const set =
    typeof checked === 'string'
      ? { unit: 'micro-usd' as const, amount: parseUsd(checked) ?? 0 }
      : { amount: checked };
  if (window !== undefined) checkSetting('budget.window', window, place);
  const { configFile } = resolvePaths(environment);
  writeConfigFile(configFile, {
    'budget.limit': checked,
    ...(window !== undefined && { 'budget.window': window }),
  });
  const useful = 'unit' in set ? usefulMicroUsd : usefulTokens;
  return {
    limit: set,
    config: loadConfig(environment).config,
    file: configFile,
    overrides: (['budget.limit', 'budget.window'] as const).flatMap(
      (key) => overrideOf(environment, key) ?? [],
    ),
    usefulAmount: set.amount < useful ? useful : null,
  };
}
