import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../config/parse-duration.ts';
import { resolvePaths } from '../../config/paths.ts';
import { TeelammaError } from '../../errors.ts';
import { LogTail } from '../../logging/LogTail.ts';
import { readEntries } from '../../logging/read-entries.ts';
import {
  type LogFilter,
  type LogLevel,
  matchesFilter,
  parseEntry,
  type StoredEntry,
} from '../../logging/stored-entry.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { displayWidth, truncate } from '../display-width.ts';
import { exitCodes } from '../exit-codes.ts';
import type { TableColumn } from '../format-table.ts';
import { formatShortMoment } from '../format-time.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote, writeTable } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { onOneLine, shortAgent, summarizeEntry, tokensOf } from './summarize-entry.ts';

/** As commander gives them. */
export interface ShowLogOptions {
  readonly agent?: string;
  readonly action?: string;
  readonly task?: string;
  readonly since?: string;
  readonly level?: LogLevel;
  readonly limit: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const mostEntries = 100_000;
const pollMs = 200;

const columns: readonly TableColumn[] = [
  { title: 'TIME' },
  { title: 'TASK' },
  { title: 'AGENT' },
  { title: 'ACTION' },
  { title: 'WHAT', flexible: true },
  { title: 'TOKENS', align: 'right' },
];
/** Widths while following, where nobody knows what is yet to come. */
const followWidths = [19, 8, 16, 9] as const;

/**
 * Shows the newest entries of the log that match, and with `follow` those that come, until SIGINT or SIGTERM; that is how following
 * ends, so the exit code is 0 then. Needs no valid configuration.
 */
export async function showLog(context: CliContext, options: ShowLogOptions): Promise<void> {
  const folder = resolvePaths(context.environment).logFolder;
  const filter = filterOf(options, context.nowMs());
  const limit = parseWholeNumber('--limit', options.limit, 1, mostEntries);
  const { tail, found } = readable(folder, () => {
    const tail = options.follow ? new LogTail(folder) : null;
    return { tail, found: readEntries(folder, filter, limit, tail?.position) };
  });
  const { entries, brokenLines, unreadable } = found;
  for (const problem of unreadable) writeNote(context, problem);
  noteBroken(context, brokenLines);
  if (tail) return follow(context, tail, { entries, filter, json: options.json === true });

  if (options.json) writeJson(context, entries);
  else if (entries.length > 0)
    writeTable(
      context,
      columns,
      entries.map((entry) => cellsOf(context, entry)),
    );
  else writeNote(context, emptyLine(folder, filter));
}

function readable<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const message = `The log folder ${folder} cannot be read: ${error.message}. Make it yours, or set TEELAMMA_HOME elsewhere.`;
    throw new TeelammaError('state-unwritable', message, { cause: error });
  }
}

function filterOf(options: ShowLogOptions, nowMs: number): LogFilter {
  const { agent, action, task, since, level } = options;
  const isSpecialist = agent === 'claude' || agent === 'ollama';
  return {
    ...(agent !== undefined && { agent: isSpecialist ? `${agent}-specialist` : agent }),
    ...(action !== undefined && { action }),
    ...(task !== undefined && { taskId: task }),
    ...(since !== undefined && { sinceMs: nowMs - parseSince(since) }),
    ...(level !== undefined && { level }),
  };
}

function parseSince(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new InvalidArgumentError(`--since is "${text}": it must be a duration such as 30m, 2h or 7d.`);
}

interface Following {
  readonly entries: readonly StoredEntry[];
  readonly filter: LogFilter;
  readonly json: boolean;
}

async function follow(
  context: CliContext,
  tail: LogTail,
  { entries, filter, json }: Following,
): Promise<void> {
  const { signal } = context;
  const write = (entry: StoredEntry): void =>
    writeLine(context, json ? JSON.stringify(entry) : followLine(context, entry));
  for (const entry of entries) write(entry);
  while (!signal.aborted) {
    let brokenLines = 0;
    for (const line of tail.poll()) {
      const entry = parseEntry(line);
      if (!entry) brokenLines += 1;
      else if (matchesFilter(entry, filter)) write(entry);
    }
    noteBroken(context, brokenLines);
    // Rejects only when it is aborted, which ends the loop.
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
  context.setExitCode(exitCodes.ok);
}

function cellsOf(context: CliContext, entry: StoredEntry): string[] {
  const { style } = context;
  const tokens = tokensOf(entry);
  const paint =
    entry.level === 'error' ? style.red : entry.level === 'warn' ? style.yellow : (text: string) => text;
  return [
    style.dim(formatShortMoment(Date.parse(entry.time), context.timeZone)),
    onOneLine(entry.taskId ?? '-').slice(0, 8),
    shortAgent(entry.agent),
    onOneLine(entry.action),
    paint(summarizeEntry(entry)),
    tokens === null ? '' : formatTokens(tokens),
  ];
}

function followLine(context: CliContext, entry: StoredEntry): string {
  const cells = cellsOf(context, entry);
  const tokens = cells.pop();
  const line = cells
    .map((cell, index) => cell + ' '.repeat(Math.max(0, (followWidths[index] ?? 0) - displayWidth(cell))))
    .concat(tokens ? `(${tokens} tokens)` : [])
    .join('  ');
  return context.isTerminal.stdout ? truncate(line, columnsOf(context.stdout)) : line;
}

function noteBroken(context: CliContext, count: number): void {
  if (count === 0) return;
  writeNote(
    context,
    `${count} ${count === 1 ? 'line is no entry and was' : 'lines are no entries and were'} skipped.`,
  );
}

function emptyLine(folder: string, filter: LogFilter): string {
  return Object.keys(filter).length > 0
    ? 'No entry matches; leave out a filter, or look further back with --since.'
    : `Nothing is logged in ${folder} yet. Run a task, for example: teelamma run "Explain what a mutex is"`;
}
