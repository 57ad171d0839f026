import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { LogPosition } from './LogTail.ts';
import { dayOf, listLogFiles } from './log-files.ts';
import { type LogFilter, matchesFilter, parseEntry, type StoredEntry } from './stored-entry.ts';

export interface FoundEntries {
  /** Newest last. */
  readonly entries: readonly StoredEntry[];
  /** Lines that are not entries, among those that were looked at. */
  readonly brokenLines: number;
  /** Files that could not be read, each with why. */
  readonly unreadable: readonly string[];
}

/**
 * The newest `limit` entries that match, from the files in `folder`. Looks at no more files than it needs. With `upTo`, only at what
 * lies before that position.
 */
export function readEntries(
  folder: string,
  filter: LogFilter,
  limit: number,
  upTo?: LogPosition,
): FoundEntries {
  const newestFirst: StoredEntry[] = [];
  const unreadable: string[] = [];
  let brokenLines = 0;
  const firstDay = filter.sinceMs === undefined ? '' : dayOf(filter.sinceMs);
  for (const file of listLogFiles(folder).toReversed()) {
    if (newestFirst.length >= limit || file.day < firstDay) break;
    const read = linesOf(join(folder, file.name), upTo && (upTo.get(file.name) ?? 0));
    if ('problem' in read) {
      unreadable.push(read.problem);
      continue;
    }
    for (const line of read.lines.toReversed()) {
      if (newestFirst.length >= limit) break;
      if (line.trim() === '') continue;
      const entry = parseEntry(line);
      if (!entry) brokenLines += 1;
      else if (matchesFilter(entry, filter)) newestFirst.push(entry);
    }
  }
  return { entries: newestFirst.toReversed(), brokenLines, unreadable };
}

function linesOf(
  file: string,
  endByte: number | undefined,
): { readonly lines: readonly string[] } | { readonly problem: string } {
  try {
    return { lines: readFileSync(file).subarray(0, endByte).toString('utf8').split('\n') };
  } catch (error) {
    return { problem: `${file} cannot be read: ${messageOf(error)}` };
  }
}
