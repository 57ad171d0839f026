import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, Environment } from '../../config/Config.ts';
import { type FileSettings, readConfigFile } from '../../config/config-file.ts';
import { InvalidConfigError } from '../../config/InvalidConfigError.ts';
import { checkSetting, loadConfig } from '../../config/load-config.ts';
import { parseBudgets } from '../../config/parse-budgets.ts';
import { resolvePaths } from '../../config/paths.ts';
import { parsePrices } from '../../config/prices/parse-prices.ts';
import { type Setting, type SettingKey, settings } from '../../config/settings.ts';

export interface ReadableConfig {
  /** What is valid of the configuration; defaults for the rest. */
  readonly config: Config;
  /** Every setting that cannot be used, each in a sentence; empty where all are valid. */
  readonly problems: readonly string[];
}

/** As `loadConfig`, but it finds every problem, and gives a configuration to look further with. Never throws InvalidConfigError. */
export function readableConfig(environment: Environment): ReadableConfig {
  const paths = resolvePaths(environment);
  const problems: string[] = [];
  const file = readFile(paths.configFile, problems);
  const valid: Record<string, string | undefined> = { ...environment };
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Omit<Setting, 'key'>][]) {
    const name = setting.environmentName;
    const given = name === undefined ? '' : (environment[name] ?? '');
    if (name !== undefined && given !== '' && !isValid(key, given, `the environment (${name})`, problems)) {
      valid[name] = '';
    }
    if (file?.has(key)) isValid(key, file.get(key), paths.configFile, problems);
  }
  // A file with a problem is left out as a whole: a folder that is not there has no config.json.
  const home = problems.length > 0 ? join(tmpdir(), randomUUID()) : paths.home;
  const { config } = loadConfig({ ...valid, TEELAMMA_HOME: home });
  return { config: { ...config, paths }, problems };
}

function readFile(configFile: string, problems: string[]): FileSettings | null {
  try {
    const { settings: found, budgets, prices } = readConfigFile(configFile);
    parseBudgets(budgets, configFile, parsePrices(prices, configFile));
    return found;
  } catch (error) {
    problems.push(messageOf(error));
    return null;
  }
}

function isValid(key: SettingKey, value: unknown, place: string, problems: string[]): boolean {
  try {
    checkSetting(key, value, place);
    return true;
  } catch (error) {
    problems.push(messageOf(error));
    return false;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof InvalidConfigError) return error.message;
  throw error;
}
