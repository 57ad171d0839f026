import * as z from 'zod';
import type { ChangedFile } from '../../task-events.ts';
import { fittingPart, jsonLength } from '../result-size.ts';

export const fileSchema = z.object({
  path: z.string().describe('relative to the workspace'),
  status: z.enum(['added', 'modified', 'deleted']),
  diff: z.string().describe('as git writes it; a long one is cut and says so'),
});

export type FileView = z.infer<typeof fileSchema>;

export interface FittingFiles {
  readonly files: readonly FileView[];
  /** Files that are only in the diff on disk. */
  readonly leftOut: number;
}

/** Characters, as JSON, for the names of all files and for their diffs together. */
const namesRoom = 15_000;
const diffsRoom = 40_000;
/** Of one file's entry, beside its path and its diff. */
const frameChars = 60;
/** A diff with less room than this tells nothing. */
const noteChars = 120;

/** The changes of a task, cut to what a result takes: short diffs are whole, long ones share what is left. */
export function fittingFiles(all: readonly ChangedFile[]): FittingFiles {
  const named = fittingNames(all);
  const lengths = named.map(({ diff }) => jsonLength(diff));
  const share = fairShare(lengths, diffsRoom);
  const files = named.map(({ path, status, diff }, index): FileView => {
    if ((lengths[index] ?? 0) <= share) return { path, status, diff };
    const part = fittingPart(diff, Math.max(0, share - noteChars));
    return {
      path,
      status,
      diff: `${part}\n[cut after ${part.length} of ${diff.length} characters; all of it is in fullDiffFile]\n`,
    };
  });
  return { files, leftOut: all.length - files.length };
}

function fittingNames(all: readonly ChangedFile[]): readonly ChangedFile[] {
  let left = namesRoom;
  const end = all.findIndex(({ path }) => {
    left -= jsonLength(path) + frameChars;
    return left < 0;
  });
  return end === -1 ? all : all.slice(0, end);
}

/** The largest share with which all fit into the room, where what is shorter gives its rest to the others. */
function fairShare(lengths: readonly number[], room: number): number {
  let left = room;
  const sorted = lengths.toSorted((a, b) => a - b);
  for (const [index, length] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}
