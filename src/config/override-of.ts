import type { Environment } from './Config.ts';
import { type Setting, type SettingKey, settings } from './settings.ts';

/** The environment variable that is stronger than config.json for this setting; undefined where there is none. */
export function environmentNameOf(key: SettingKey): string | undefined {
  return (settings[key] as Omit<Setting, 'key'>).environmentName;
}

/** Says that an environment variable is stronger than what config.json holds for this setting; null where none is set. */
export function overrideOf(environment: Environment, key: SettingKey): string | null {
  const environmentName = environmentNameOf(key);
  const value = environmentName === undefined ? '' : (environment[environmentName] ?? '');
  if (value === '') return null;
  return `${environmentName}=${value} is set in the environment and stays stronger than config.json; unset it for ${key} to take effect.`;
}
