import { type LoadedConfig, loadConfig } from '../../config/load-config.ts';
import { environmentNameOf } from '../../config/override-of.ts';
import { resolvePaths } from '../../config/paths.ts';
import { type SettingKey, settings } from '../../config/settings.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { writeJson, writeLine, writeTable } from '../output.ts';
import { wrapText } from '../wrap-text.ts';
import { asSettingKey, settingText, withoutPassword } from './setting-text.ts';

const secretNames = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'TEELAMMA_LEDGER'];

/** Lists every setting with its value, its source and what it is for. Of keys it says only whether they are set. */
export function listConfig(context: CliContext, json: boolean): void {
  const loaded = loadConfig(context.environment);
  const secrets = secretNames.map((name) => ({ name, isSet: Boolean(context.environment[name]) }));
  const keys = Object.keys(settings) as SettingKey[];
  if (json) {
    const { configFile: file } = loaded.config.paths;
    writeJson(context, { file, settings: keys.map((key) => settingDocument(loaded, key)), secrets });
    return;
  }
  const rows = keys.map((key) => [
    key,
    settingText(key, loaded.values.get(key)),
    sourceText(loaded, key),
    settings[key].description,
  ]);
  const secretRows = secrets.map(({ name, isSet }) => [
    name,
    isSet ? 'set' : 'not set',
    'environment',
    'never shown',
  ]);
  writeTable(
    context,
    [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'SOURCE' }, { title: 'MEANING', flexible: true }],
    [...rows, ...secretRows],
  );
  writeLine(context);
  const note = `File: ${loaded.config.paths.configFile}. Change a setting with \`teelamma config set <key> <value>\`.`;
  writeLine(context, context.isTerminal.stdout ? wrapText(note, columnsOf(context.stdout)) : note);
}

/** Prints one value, as `config set` would take it. */
export function getConfig(context: CliContext, name: string, json: boolean): void {
  const key = asSettingKey(name);
  const loaded = loadConfig(context.environment);
  if (json) writeJson(context, settingDocument(loaded, key));
  else writeLine(context, settingText(key, loaded.values.get(key)));
}

/** Prints where config.json is, whether or not it exists or can be read. */
export function showConfigPath(context: CliContext, json: boolean): void {
  const { configFile, home } = resolvePaths(context.environment);
  if (json) writeJson(context, { file: configFile, home });
  else writeLine(context, configFile);
}

function settingDocument({ values, sources }: LoadedConfig, key: SettingKey) {
  const value = values.get(key);
  return {
    key,
    value: withoutPassword(value) ?? null,
    text: settingText(key, value),
    source: sources.get(key),
    environmentName: environmentNameOf(key) ?? null,
    description: settings[key].description,
  };
}

function sourceText({ sources }: LoadedConfig, key: SettingKey): string {
  return sources.get(key) === 'environment' ? `${environmentNameOf(key)}` : `${sources.get(key)}`;
}
