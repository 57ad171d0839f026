import { InvalidConfigError } from '../InvalidConfigError.ts';
import { isRate } from '../parse-weights.ts';
import type { KindRates, ModelPrice } from './ModelPrice.ts';

const rateFields = ['input', 'output', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead'];
const fields = ['model', 'validFrom', ...rateFields, 'longPrompt'];
const longFields = ['aboveTokens', ...rateFields];
/** Ten times the dearest that there is. */
const mostUsd = 1_000;

/**
 * Reads `prices` of config.json, which go over the price table: `[{"model": "claude-own-*", "input": 3, "output": 15, "cacheRead": 0.3}]`, in
 * USD per million tokens. Cache writes are 1.25 times and twice the input where they are not named, as everywhere; reads cost as much as
 * input then, since their discount differs.
 * @throws InvalidConfigError naming the entry, the field and what is accepted.
 */
export function parsePrices(value: unknown, file: string): readonly ModelPrice[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InvalidConfigError(file, 'prices', 'must be a list of prices');
  return value.map((entry: unknown, index) => parsePrice(entry, `prices[${index}]`, file));
}

function parsePrice(entry: unknown, path: string, file: string): ModelPrice {
  const given = fieldsOf(entry, path, fields, file);
  const { model, validFrom } = given;
  if (typeof model !== 'string' || model.length === 0 || model.length > 200) {
    refuse(file, `${path}.model`, model, 'a model id of 1 to 200 characters; * stands for any');
  }
  if (validFrom !== undefined && !isDay(validFrom)) {
    refuse(file, `${path}.validFrom`, validFrom, 'a day such as 2026-10-07');
  }
  const price = {
    model,
    ...(validFrom !== undefined && { validFrom }),
    usdPerMillionTokens: parseRates(given, path, file),
  };
  if (given['longPrompt'] === undefined) return price;
  const place = `${path}.longPrompt`;
  const long = fieldsOf(given['longPrompt'], place, longFields, file);
  const { aboveTokens } = long;
  if (typeof aboveTokens !== 'number' || !Number.isSafeInteger(aboveTokens) || aboveTokens < 1) {
    refuse(file, `${place}.aboveTokens`, aboveTokens, 'a whole number of tokens from 1 up');
  }
  return { ...price, longPrompt: { aboveTokens, usdPerMillionTokens: parseRates(long, place, file) } };
}

function parseRates(given: Readonly<Record<string, unknown>>, path: string, file: string): KindRates {
  const read = (field: string, fallback?: number): number => {
    const value = given[field] ?? fallback;
    if (isRate(value, mostUsd)) return value;
    return refuse(
      file,
      `${path}.${field}`,
      value,
      `USD per million tokens from 0 to ${mostUsd}, with at most six decimals`,
    );
  };
  const input = read('input');
  return {
    input,
    cacheWrite5m: read('cacheWrite5m', rounded(input * 1.25)),
    cacheWrite1h: read('cacheWrite1h', rounded(input * 2)),
    cacheRead: read('cacheRead', input),
    output: read('output'),
  };
}

function fieldsOf(
  value: unknown,
  path: string,
  known: readonly string[],
  file: string,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidConfigError(file, path, `must be an object with ${known.join(', ')}`);
  }
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger === undefined) return { ...value };
  throw new InvalidConfigError(file, `${path}.${stranger}`, `is not a field; there are ${known.join(', ')}`);
}

function isDay(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}$/.test(value) &&
    !Number.isNaN(Date.parse(`${value}T00:00:00Z`))
  );
}

function rounded(rate: number): number {
  return Math.min(mostUsd, Math.ceil(Number((rate * 1e6).toFixed(3))) / 1e6);
}

function refuse(file: string, path: string, value: unknown, expected: string): never {
  throw new InvalidConfigError(file, path, `is ${JSON.stringify(value) ?? 'missing'}: must be ${expected}`);
}
