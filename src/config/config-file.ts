import { readFileSync } from 'node:fs';
import { codeOf, messageOf, TeelammaError } from '../errors.ts';
import { InvalidConfigError } from './InvalidConfigError.ts';
import { type SettingKey, settings } from './settings.ts';
import { writePrivateFile } from './write-private-file.ts';

/** The settings as they stand in config.json, by key, not yet checked; empty where there is no file. */
export type FileSettings = ReadonlyMap<SettingKey, unknown>;

/** What stands in config.json, not yet checked. */
export interface ConfigFile {
  readonly settings: FileSettings;
  /** The list `budgets`; undefined where there is none. */
  readonly budgets: unknown;
  /** The list `prices`; undefined where there is none. */
  readonly prices: unknown;
}

/**
 * Reads config.json: sections of settings, such as `{"budget": {"limit": "2M", "window": "5h"}}`, and the lists `budgets` and `prices`.
 * @throws InvalidConfigError where it is not JSON, not of that form, or names a setting that does not exist.
 */
export function readConfigFile(file: string): ConfigFile {
  const sections = readSections(file);
  const found = new Map<SettingKey, unknown>();
  for (const [section, content] of Object.entries(sections)) {
    if (['$schema', 'budgets', 'prices'].includes(section)) continue;
    if (!isObject(content)) throw new InvalidConfigError(file, section, unknownSetting(section));
    for (const [name, value] of Object.entries(content)) {
      const key = `${section}.${name}`;
      if (!isSettingKey(key)) throw new InvalidConfigError(file, key, unknownSetting(key));
      found.set(key, value);
    }
  }
  return { settings: found, budgets: sections['budgets'], prices: sections['prices'] };
}

/**
 * Writes settings into config.json and leaves the others as they are; `undefined` takes a setting out. Atomic, mode 0600. The values
 * are not checked here.
 * @throws InvalidConfigError where the file that is there cannot be read as JSON; it is not touched then. TeelammaError
 * `state-unwritable` where the disk or its permissions forbid it.
 */
export function writeConfigFile(file: string, changes: Readonly<Partial<Record<SettingKey, unknown>>>): void {
  const sections = readSections(file);
  for (const [key, value] of Object.entries(changes)) {
    const [section = '', name = ''] = key.split('.');
    const content: Record<string, unknown> = isObject(sections[section]) ? sections[section] : {};
    if (value === undefined) delete content[name];
    else content[name] = value;
    if (Object.keys(content).length > 0) sections[section] = content;
    else delete sections[section];
  }
  try {
    writePrivateFile(file, `${JSON.stringify(sections, null, 2)}\n`);
  } catch (error) {
    const problem = messageOf(error);
    const message = `${file} cannot be written, so nothing was changed: ${problem}. Check free space and permissions there.`;
    throw new TeelammaError('state-unwritable', message, { cause: error });
  }
}

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

function readSections(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new InvalidConfigError(file, '', `cannot be read: ${String(error)}`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const problem = messageOf(error);
    throw new InvalidConfigError(file, '', `is not valid JSON (${problem}); mend it or move it away`, error);
  }
  if (!isObject(content)) {
    throw new InvalidConfigError(file, '', 'must be a JSON object, such as {"budget": {"limit": "2M"}}');
  }
  return content;
}

function unknownSetting(key: string): string {
  const known = Object.keys(settings);
  const sameSection = known.filter((candidate) => candidate.startsWith(`${key.split('.')[0]}.`));
  return `is not a setting; there are ${(sameSection.length > 0 ? sameSection : known).join(', ')}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
