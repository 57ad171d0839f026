import { isSettingKey } from '../../config/config-file.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { weightsText } from '../../config/parse-weights.ts';
import type { KindRates } from '../../config/prices/ModelPrice.ts';
import { type SettingKey, settings } from '../../config/settings.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';

/** A setting's value as a user would write it, so that `config set` takes it back; `(not set)` where there is none. */
export function settingText(key: SettingKey, value: unknown): string {
  if (value === undefined) return '(not set)';
  if (typeof value === 'number' && isDuration(key)) return formatDuration(value);
  if (key === 'budget.weights') return weightsText(value as KindRates);
  if (key === 'claude.reserve' && typeof value === 'number') {
    return value === 0 ? 'off' : `${Number((value * 100).toFixed(2))}%`;
  }
  return String(withoutPassword(value));
}

/** URLs may carry a password; it is never shown. */
export function withoutPassword(value: unknown): unknown {
  if (typeof value !== 'string' || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password === '') return value;
  url.password = '***';
  return url.href.replace(/\/$/, '');
}

/** @throws InvalidArgumentError naming the settings that there are. */
export function asSettingKey(key: string): SettingKey {
  if (isSettingKey(key)) return key;
  const keys = Object.keys(settings);
  const section = keys.filter((candidate) => candidate.startsWith(`${key.split('.')[0]}.`));
  throw new InvalidArgumentError(
    `"${key}" is not a setting; there are ${(section.length > 0 ? section : keys).join(', ')}.`,
  );
}

function isDuration(key: SettingKey): boolean {
  return key === 'budget.window' || key === 'debt.keepFor' || /timeout$/i.test(key);
}
