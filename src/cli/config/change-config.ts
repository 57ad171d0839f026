import { readConfigFile, writeConfigFile } from '../../config/config-file.ts';
import { checkSetting } from '../../config/load-config.ts';
import { overrideOf } from '../../config/override-of.ts';
import { resolvePaths } from '../../config/paths.ts';
import { type SettingKey, settings } from '../../config/settings.ts';
import type { CliContext } from '../CliContext.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { asSettingKey, settingText, withoutPassword } from './setting-text.ts';

/** Checks a value and writes it into config.json. */
export function setConfig(context: CliContext, name: string, text: string, json: boolean): void {
  const key = asSettingKey(name);
  const { written, checked } = readValue(key, text);
  const { configFile } = resolvePaths(context.environment);
  writeConfigFile(configFile, { [key]: written });
  const override = overrideOf(context.environment, key);
  if (json) {
    writeJson(context, { key, value: withoutPassword(checked), file: configFile, override });
    return;
  }
  writeLine(context, `${key} is now ${settingText(key, checked)}.`);
  if (override) writeNote(context, context.errorStyle.yellow(override));
}

/** Takes a setting out of config.json, so that the environment or the default decides. */
export function unsetConfig(context: CliContext, name: string, json: boolean): void {
  const key = asSettingKey(name);
  const { configFile } = resolvePaths(context.environment);
  const wasSet = readConfigFile(configFile).settings.has(key);
  if (wasSet) writeConfigFile(configFile, { [key]: undefined });
  const override = overrideOf(context.environment, key);
  if (json) {
    writeJson(context, { key, wasSet, file: configFile, override });
    return;
  }
  const { fallback } = settings[key];
  writeLine(
    context,
    wasSet
      ? `${key} is back to its default, ${settingText(key, fallback)}.`
      : `${key} was not set in ${configFile}.`,
  );
  if (override) writeNote(context, context.errorStyle.yellow(override));
}

/** The words of the command line as config.json would hold them: a text where the setting takes one, else JSON, else a list. */
function readValue(key: SettingKey, text: string): { written: unknown; checked: unknown } {
  const readings: unknown[] = [text];
  try {
    readings.push(JSON.parse(text));
  } catch {
    // A text that is no JSON is a text.
  }
  if (/^\d+(\s*,\s*\d+)+$/.test(text)) readings.push(text.split(',').map(Number));
  let problem: unknown;
  for (const written of readings) {
    try {
      return { written, checked: checkSetting(key, written, 'the command line') };
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}
