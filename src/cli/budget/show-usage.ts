import { loadConfig } from '../../config/load-config.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { formatUsd } from '../../messages/format-usd.ts';
import type { UsageDimension, UsageKey } from '../../state/usage/UsageQuery.ts';
import { type PricedUsage, pricedDimensions, priceUsage, totalOf } from '../../state/usage-cost.ts';
import type { CliContext } from '../CliContext.ts';
import { csvLine } from '../csv.ts';
import type { TableColumn } from '../format-table.ts';
import { formatShortMoment } from '../format-time.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote, writeTable } from '../output.ts';
import { parseSince } from '../parse-since.ts';

export interface ShowUsageOptions {
  /** One or two dimensions, `day,agent`. */
  readonly by: string;
  readonly since?: string;
  readonly agent?: 'claude' | 'ollama';
  readonly model?: string;
  readonly project?: string;
  readonly kind?: string;
  readonly door?: string;
  readonly user?: string;
  readonly csv?: boolean;
  readonly json: boolean;
}

const dimensions: readonly UsageDimension[] = [
  'hour',
  'day',
  'agent',
  'model',
  'project',
  'kind',
  'door',
  'user',
];
const barCells = 20;
/** Whoever waits longer is told why. */
const noticedMs = 500;

/** What was used, summed by one or two dimensions: a table with bars and a total, JSON, or CSV. */
export async function showUsage(context: CliContext, options: ShowUsageOptions): Promise<void> {
  const by = parseDimensions(options.by);
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.nowMs());
  const { config } = loadConfig(context.environment);
  const { timeZone } = context;
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const query = {
    by: pricedDimensions(by),
    timeZone,
    where: whereOf(options),
    ...(sinceMs !== undefined && { sinceMs }),
  };
  if ((await ledger.sumUp(query, noticedMs)) !== null) {
    writeNote(context, 'Adding up calls that were never added up; this is done once.');
  }
  const rows = await ledger.usage(query);
  const priced = priceUsage(rows, by, config.prices, context.nowMs());
  const total = totalOf(priced);
  if (options.json)
    writeJson(context, { by, timeZone, usage: priced.map(viewOf), total: viewOf(total), pricesAsOf });
  else if (options.csv) writeCsv(context, by, priced, timeZone);
  else if (priced.length === 0) writeNote(context, 'Nothing was used in that time.');
  else writeUsage(context, by, priced, total);
}

function parseDimensions(text: string): UsageDimension[] {
  const by = text.split(',').map((one) => one.trim());
  const isKnown = by.every((one): one is UsageDimension => dimensions.some((known) => known === one));
  const hasBoth = by.includes('hour') && by.includes('day');
  if (isKnown && by.length <= 2 && new Set(by).size === by.length && !hasBoth) return by as UsageDimension[];
  throw new InvalidArgumentError(
    `--by is "${text}": it must be one or two of ${dimensions.join(', ')}, such as day or day,agent (not both hour and day).`,
  );
}

function whereOf({
  agent,
  model,
  project,
  kind,
  door,
  user,
}: ShowUsageOptions): Partial<Record<UsageKey, string>> {
  const given = { agent: agent && `${agent}-specialist`, model, project, kind, door, user };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function viewOf(row: PricedUsage) {
  const { startMs, costUsd, ...rest } = row;
  const start = startMs === undefined ? {} : { startMs, start: new Date(startMs).toISOString() };
  return { ...start, ...rest, costUsd: costUsd === null ? null : roundUsd(costUsd) };
}

function writeCsv(
  context: CliContext,
  by: readonly UsageDimension[],
  rows: readonly PricedUsage[],
  timeZone: string,
) {
  const titles = [
    ...by,
    'turns',
    'inputTokens',
    'cacheCreationInputTokens',
    'cacheReadInputTokens',
    'outputTokens',
    'chargedTokens',
    'costUsd',
  ];
  writeLine(context, csvLine(titles));
  for (const row of rows) {
    const cells = [
      ...by.map((one) => keyText(row, one, timeZone, '')),
      row.turns,
      row.inputTokens,
      row.cacheCreationInputTokens,
      row.cacheReadInputTokens,
      row.outputTokens,
      row.chargedTokens,
      row.costUsd === null ? null : roundUsd(row.costUsd),
    ];
    writeLine(context, csvLine(cells));
  }
}

function writeUsage(
  context: CliContext,
  by: readonly UsageDimension[],
  rows: readonly PricedUsage[],
  total: PricedUsage,
): void {
  const columns: readonly TableColumn[] = [
    ...by.map((one, index) => ({
      title: one.toUpperCase(),
      ...(index === by.length - 1 && { flexible: true }),
    })),
    { title: 'CALLS', align: 'right' },
    { title: 'IN', align: 'right' },
    { title: 'CACHE WRITE', align: 'right' },
    { title: 'CACHE READ', align: 'right' },
    { title: 'OUT', align: 'right' },
    { title: 'CHARGED', align: 'right' },
    { title: 'COST', align: 'right' },
    { title: '' },
  ];
  const most = Math.max(1, ...rows.map(shownAmount));
  const cells = (row: PricedUsage) => [
    formatTokens(row.turns),
    formatTokens(row.inputTokens),
    formatTokens(row.cacheCreationInputTokens),
    formatTokens(row.cacheReadInputTokens),
    formatTokens(row.outputTokens),
    formatTokens(row.chargedTokens),
    row.costUsd === null ? '-' : formatUsd(row.costUsd * 1e6),
  ];
  const body = rows.map((row) => [
    ...by.map((one) => keyText(row, one, context.timeZone, 'unknown')),
    ...cells(row),
    bar(shownAmount(row), most),
  ]);
  const last = [...by.map((_, index) => (index === 0 ? 'total' : '')), ...cells(total), ''];
  writeTable(context, columns, [...body, last]);
  writeNote(
    context,
    `Bars: charged tokens, of Ollama the tokens it used. COST: by list prices as of ${pricesAsOf}.`,
  );
}

/** Nothing is charged for Ollama, and its work is to be seen all the same. */
function shownAmount(row: PricedUsage): number {
  if (row.chargedTokens > 0) return row.chargedTokens;
  return row.inputTokens + row.cacheCreationInputTokens + row.cacheReadInputTokens + row.outputTokens;
}

function bar(amount: number, most: number): string {
  return '█'.repeat(amount === 0 ? 0 : Math.max(1, Math.round((amount * barCells) / most)));
}

function keyText(row: PricedUsage, one: UsageDimension, timeZone: string, unknown: string): string {
  if (one === 'day') return formatShortMoment(row.startMs ?? 0, timeZone).slice(0, 10);
  if (one === 'hour') return formatShortMoment(row.startMs ?? 0, timeZone).slice(0, 16);
  return row[one] || unknown;
}

function roundUsd(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
