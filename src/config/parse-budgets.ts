import type { ConfiguredBudget } from './Config.ts';
import { InvalidConfigError } from './InvalidConfigError.ts';
import { parseUsd } from './parse-usd.ts';
import type { KindRates, ModelPrice } from './prices/ModelPrice.ts';
import { type SettingForm, settings } from './settings.ts';

const fields = ['name', 'limit', 'weights', 'window', 'calendar', 'match', 'each', 'thresholds'];
const calendarFields = ['period', 'timeZone', 'hour'];
const parts = ['complexity', 'model', 'project', 'user', 'door'] as const;
const usualDays = { day: 1, week: 7, month: 30 } as const;
const dayMs = 86_400_000;

/** Name of the budget that the section `budget` describes. */
export const defaultBudgetName = 'default';

/**
 * Reads `budgets` of config.json, which stand beside the one of the section `budget`:
 * `[{"name": "web", "limit": "200k", "window": "5h", "match": {"project": "web-*"}, "each": "user"}]`, with
 * `"calendar": {"period": "week", "timeZone": "Europe/Zurich", "hour": 4}` instead of `window` where it follows the calendar.
 * @throws InvalidConfigError naming the entry, the field and what is accepted.
 */
export function parseBudgets(
  value: unknown,
  file: string,
  prices: readonly ModelPrice[],
): readonly ConfiguredBudget[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InvalidConfigError(file, 'budgets', 'must be a list of budgets');
  const budgets = value.map((entry: unknown, index) =>
    parseBudget(entry, new Place(file, `budgets[${index}]`), prices),
  );
  const names = new Set([defaultBudgetName]);
  budgets.forEach(({ name }, index) => {
    if (names.has(name)) {
      const problem = `is "${name}": the name is taken${name === defaultBudgetName ? ' by the section "budget"' : ''}; each budget needs its own`;
      throw new InvalidConfigError(file, `budgets[${index}].name`, problem);
    }
    names.add(name);
  });
  return budgets;
}

/**
 * A limit as its setting gives it, a number of tokens or `$5`, as a budget counts it. Weights are for tokens: a limit of money does not use
 * them.
 */
export function countedLimit(
  limit: number | string,
  weights: KindRates | undefined,
  prices: readonly ModelPrice[],
): Pick<ConfiguredBudget, 'limitTokens' | 'counts'> {
  if (typeof limit === 'string') {
    return { limitTokens: parseUsd(limit) ?? 0, counts: { unit: 'micro-usd', prices } };
  }
  const isPlain = weights === undefined || Object.values(weights).every((weight) => weight === 1);
  return { limitTokens: limit, ...(!isPlain && { counts: { unit: 'tokens', weights } }) };
}

function parseBudget(entry: unknown, place: Place, prices: readonly ModelPrice[]): ConfiguredBudget {
  const given = place.object(entry, fields);
  const { name, each } = given;
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,40}$/.test(name)) {
    place.refuse('name', name, '1 to 40 of a-z, 0-9 and -');
  }
  if (each !== undefined && !isPart(each)) place.refuse('each', each, `one of ${parts.join(', ')}`);
  if ((given['window'] === undefined) === (given['calendar'] === undefined)) {
    place.refuse('window', given['window'], 'given, or "calendar" instead, and not both');
  }
  const calendar =
    given['calendar'] === undefined ? null : parseCalendar(given['calendar'], place.at('calendar'));
  const match = given['match'] === undefined ? null : parseMatch(given['match'], place.at('match'));
  const { thresholds = settings['budget.thresholds'].fallback } = given;
  const limit = place.form('limit', given['limit'], settings['budget.limit'].form) as number | string;
  const weights =
    given['weights'] === undefined
      ? undefined
      : (place.form('weights', given['weights'], settings['budget.weights'].form) as KindRates);
  if (weights && typeof limit === 'string') {
    place.refuse('weights', given['weights'], 'left out where the limit is money: prices count there');
  }
  return {
    name,
    ...countedLimit(limit, weights, prices),
    windowMs: calendar
      ? usualDays[calendar.period] * dayMs
      : (place.form('window', given['window'], settings['budget.window'].form) as number),
    thresholdsPercent: place.form('thresholds', thresholds, settings['budget.thresholds'].form) as number[],
    ...(calendar && { calendar }),
    ...(match && { match }),
    ...(each !== undefined && { each }),
  };
}

function parseCalendar(value: unknown, place: Place): NonNullable<ConfiguredBudget['calendar']> {
  const { period, timeZone, hour = 0 } = place.object(value, calendarFields);
  if (period !== 'day' && period !== 'week' && period !== 'month')
    place.refuse('period', period, 'one of day, week, month');
  if (typeof timeZone !== 'string' || !isTimeZone(timeZone)) {
    place.refuse('timeZone', timeZone, 'an IANA time zone such as Europe/Zurich or UTC');
  }
  if (typeof hour !== 'number' || !Number.isInteger(hour) || hour < 0 || hour > 23) {
    place.refuse('hour', hour, 'a whole number from 0 to 23');
  }
  return { period, timeZone, hour };
}

function parseMatch(value: unknown, place: Place): NonNullable<ConfiguredBudget['match']> {
  const entries = Object.entries(place.object(value, parts)).map(([part, accepted]) => {
    const list: unknown[] = Array.isArray(accepted) ? accepted : [accepted];
    if (
      list.length === 0 ||
      !list.every((one) => typeof one === 'string' && one.length > 0 && one.length <= 200)
    ) {
      place.refuse(
        part,
        accepted,
        'a text of 1 to 200 characters, or a list of them; * stands for any characters',
      );
    }
    return [part, list];
  });
  return Object.fromEntries(entries) as NonNullable<ConfiguredBudget['match']>;
}

/** Where a value stands, for the error that says so. */
class Place {
  private readonly file: string;
  private readonly path: string;

  constructor(file: string, path: string) {
    this.file = file;
    this.path = path;
  }

  at(field: string): Place {
    return new Place(this.file, `${this.path}.${field}`);
  }

  object(value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InvalidConfigError(this.file, this.path, `must be an object with ${known.join(', ')}`);
    }
    const stranger = Object.keys(value).find((key) => !known.includes(key));
    if (stranger !== undefined) {
      const problem = `is not a field; there are ${known.join(', ')}`;
      throw new InvalidConfigError(this.file, `${this.path}.${stranger}`, problem);
    }
    return value as Record<string, unknown>;
  }

  form(field: string, value: unknown, form: SettingForm): unknown {
    const parsed = form.parse(value);
    return parsed ?? this.refuse(field, value, form.expected);
  }

  refuse(field: string, value: unknown, expected: string): never {
    const problem = `is ${JSON.stringify(value) ?? 'missing'}: must be ${expected}`;
    throw new InvalidConfigError(this.file, `${this.path}.${field}`, problem);
  }
}

function isPart(value: unknown): value is (typeof parts)[number] {
  return parts.some((part) => part === value);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
