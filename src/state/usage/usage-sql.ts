import type { UsagePlan } from './plan-usage.ts';
import { type UsageKey, usageKeys } from './UsageQuery.ts';
import type { UsageView } from './usage-views.ts';

/** How a database calls the tables of the sums, and a value that is given. */
export interface SqlNames {
  readonly sum: string;
  readonly series: string;
  /** Days with `start_ms` and `end_ms` as `d`, from the values 2 and 3. */
  readonly days: string;
  readonly placeholder: (index: number) => string;
}

/** The columns of sums, and what they are called in a piece; in the order of every statement here. */
export const sumColumns = {
  input: 'inputTokens',
  cache_creation: 'cacheCreationInputTokens',
  cache_creation_5m: 'cacheCreation5mInputTokens',
  cache_read: 'cacheReadInputTokens',
  output: 'outputTokens',
  charged: 'chargedTokens',
  turns: 'turns',
} as const;

const columns = Object.keys(sumColumns);
const columnList = columns.join(', ');
const sumsOfU = columns.map((name) => `sum(u.${name})`).join(', ');
const keyColumns = usageKeys.map((key) => `"${key}"`).join(', ');

/**
 * The stored sums of a stretch of a tier, grouped as a plan asks for: one statement for SQLite and for Postgres, whose rows are pieces.
 * Given: tier, from, to, and the values of the plan's `where`.
 */
export function storedSumsSql(plan: UsagePlan, tier: number, { sum, series, placeholder }: SqlNames): string {
  const { keys, time, view } = plan;
  const where = Object.keys(plan.query.where ?? {});
  const chosen = where.map((key, index) => `s."${key}" = ${placeholder(index + 4)}`).join(' AND ');
  const stretch = `u.tier = ${placeholder(1)} AND u.at_ms >= ${placeholder(2)} AND u.at_ms < ${placeholder(3)}
    ${where.length > 0 ? `AND u.series IN (SELECT s.seq FROM ${series} s WHERE ${chosen})` : ''}`;
  const select = (atMs: string, sumOf: (name: string) => string) =>
    [
      `${atMs} AS "atMs"`,
      ...keys.map((key) => `${column(key)} AS "${key}"`),
      ...Object.entries(sumColumns).map(([name, part]) => `${sumOf(name)} AS "${part}"`),
    ].join(', ');
  // Rows of a day that a view keeps by just these keys.
  if (time === 'day' && tier !== 0 && view.keys.length === keys.length) {
    return `SELECT ${select('u.at_ms', (name) => `u.${name}`)} FROM ${sum} u JOIN ${series} s ON s.seq = u.series WHERE ${stretch}`;
  }
  if (time !== null) {
    return `SELECT ${select('u.at_ms', (name) => `sum(u.${name})`)} FROM ${sum} u JOIN ${series} s ON s.seq = u.series
      WHERE ${stretch} GROUP BY ${['u.at_ms', ...keys.map(column)].join(', ')}`;
  }
  // By number first: to group all rows by their texts would take twice as long.
  return `SELECT ${select('min(x.at_ms)', (name) => `sum(x.${name})`)} FROM
    (SELECT u.series, min(u.at_ms) AS at_ms, ${columns.map((name) => `sum(u.${name}) AS ${name}`).join(', ')}
      FROM ${sum} u WHERE ${stretch} GROUP BY u.series) x JOIN ${series} s ON s.seq = x.series
    ${keys.length > 0 ? `GROUP BY ${keys.map(column).join(', ')}` : 'HAVING count(*) > 0'}`;
}

/** Writes days with all keys from their quarters of an hour. Given: tier, and what `days` asks for. */
export function daySql({ sum, days, placeholder }: SqlNames): string {
  return `INSERT INTO ${sum} (tier, at_ms, series, ${columnList})
    SELECT CAST(${placeholder(1)} AS integer), d.start_ms, u.series, ${sumsOfU} FROM ${days} CROSS JOIN ${sum} u
    WHERE u.tier = 0 AND u.at_ms >= d.start_ms AND u.at_ms < d.end_ms GROUP BY d.start_ms, u.series`;
}

/** Writes days of a narrow view from those with all keys. Given: tier of the view, what `days` asks for, tier with all keys. */
export function narrowDaySql({ sum, series, days, placeholder }: SqlNames, view: UsageView): string {
  const same = usageKeys.map((key) => `n."${key}" = ${view.keys.includes(key) ? column(key) : "''"}`);
  return `INSERT INTO ${sum} (tier, at_ms, series, ${columnList})
    SELECT CAST(${placeholder(1)} AS integer), d.start_ms, n.seq, ${sumsOfU} FROM ${days} CROSS JOIN ${sum} u
      JOIN ${series} s ON s.seq = u.series JOIN ${series} n ON ${same.join(' AND ')}
    WHERE u.tier = ${placeholder(4)} AND u.at_ms = d.start_ms GROUP BY d.start_ms, n.seq`;
}

/** Makes the series of a narrow view; keys that it does not have are '' in them. */
export function narrowSeriesSql({ series }: Pick<SqlNames, 'series'>, view: UsageView): string {
  const keys = usageKeys.map((key) => (view.keys.includes(key) ? column(key) : "''"));
  return `INSERT INTO ${series} (${keyColumns}) SELECT DISTINCT ${keys.join(', ')} FROM ${series} s WHERE true ON CONFLICT DO NOTHING`;
}

/** `user` is a word of SQL. */
function column(key: UsageKey): string {
  return `s."${key}"`;
}
