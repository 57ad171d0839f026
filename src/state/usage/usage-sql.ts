import type { UsagePlan } from './plan-usage.ts';
import type { UsageKey } from './UsageQuery.ts';

/** The stored sums of a stretch of a tier, grouped as a plan asks for: one statement for SQLite and for Postgres. */
export function storedSumsSql(
  { keys, time, query }: UsagePlan,
  names: { readonly sum: string; readonly series: string; readonly placeholder: (index: number) => string },
): { readonly sql: string; readonly values: readonly string[] } {
  const where = Object.entries(query.where ?? {});
  const groups = [...(time === null ? [] : ['u.at_ms']), ...keys.map(column)];
  const sql = `SELECT ${[
    time === null ? 'min(u.at_ms) AS at_ms' : 'u.at_ms AS at_ms',
    ...keys.map((key) => `${column(key)} AS "${key}"`),
    ...['input', 'cache_creation', 'cache_creation_5m', 'cache_read', 'output', 'charged', 'turns'].map(
      (name) => `sum(u.${name}) AS ${name}`,
    ),
  ].join(', ')}
    FROM ${names.sum} u JOIN ${names.series} s ON s.seq = u.series
    WHERE u.tier = ${names.placeholder(1)} AND u.at_ms >= ${names.placeholder(2)} AND u.at_ms < ${names.placeholder(3)}
    ${where.map(([key], index) => `AND ${column(key as UsageKey)} = ${names.placeholder(index + 4)}`).join(' ')}
    ${groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : 'HAVING count(*) > 0'}`;
  return { sql, values: where.map(([, value]) => value) };
}

/** `user` is a word of SQL. */
function column(key: UsageKey): string {
  return `s."${key}"`;
}
