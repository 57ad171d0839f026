import type { FileChange } from '../../workspace/FileChange.ts';
import { numberedDiff } from '../../workspace/numbered-diff.ts';
import { unifiedDiff } from '../../workspace/unified-diff.ts';
import type { ReviewedWork } from './review-request.ts';

/** What a specialist did. */
export interface WorkToReview {
  readonly task: string;
  /** Its last answer; without changes, that is the work. */
  readonly answer: string;
  readonly changes: readonly FileChange[];
}

export interface ShownWork extends ReviewedWork {
  /** What the reviewer is not shown, as the end of a sentence; null where it sees everything. */
  readonly leftOut: string | null;
}

/** UTF-16 units; together some 14,000 tokens, which fit into the context of every model that tasks are given to. */
const longest = { task: 12_000, work: 40_000, summary: 4_000 };

/** Work as a reviewing model sees it: with line numbers, and no longer than its context takes. */
export function showWork({ task, answer, changes }: WorkToReview): ShownWork {
  const leftOut: string[] = [];
  const shownTask = shorten(task, longest.task);
  if (shownTask.length < task.length) leftOut.push('a part of the task');
  const shown = { task: shownTask, findings: [] };
  if (changes.length === 0) {
    const lines = numbered(answer);
    const fitting = firstLines(lines, longest.work);
    if (fitting.length < lines.length) leftOut.push(`what follows line ${fitting.length} of the answer`);
    return { ...shown, answer: fitting.join('\n'), changes: '', leftOut: sentence(leftOut) };
  }
  const sections: string[] = [];
  const cut: string[] = [];
  let room = longest.work;
  for (const change of changes) {
    const lines = sectionOf(change);
    const fitting = firstLines(lines, room);
    if (fitting.length < lines.length) cut.push(change.path);
    // A heading alone tells nothing.
    if (fitting.length < 2) continue;
    sections.push(fitting.join('\n'));
    room -= lengthOf(fitting);
  }
  if (cut.length > 0) leftOut.push(`all or a part of ${listed(cut)}`);
  return {
    ...shown,
    answer: shorten(answer, longest.summary),
    changes: sections.join('\n\n'),
    leftOut: sentence(leftOut),
  };
}

function sectionOf(change: FileChange): readonly string[] {
  const { path, status } = change;
  if (status === 'deleted') return [`## ${path} (deleted)`, ''];
  return [`## ${path} (${status})`, ...numberedDiff(unifiedDiff(change)).split('\n')];
}

function numbered(text: string): readonly string[] {
  return text.split('\n').map((line, index) => `${String(index + 1).padStart(6)}   ${line}`);
}

function firstLines(lines: readonly string[], room: number): readonly string[] {
  let used = 0;
  const end = lines.findIndex((line) => {
    used += line.length + 1;
    return used > room;
  });
  return end === -1 ? lines : lines.slice(0, end);
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** Beginning and end, with the length of what is missing between them. */
function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = text.slice(0, Math.floor(most * 0.7));
  const tail = text.slice(text.length - Math.floor(most * 0.2));
  return `${head}\n[... ${text.length - head.length - tail.length} characters are left out here ...]\n${tail}`;
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${first} and ${names.length - 3} more files` : first;
}

function sentence(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : parts.join(', and ');
}
