import { structuredPatch } from 'diff';
import { type FileChange, imageAfter, imageBefore } from './FileChange.ts';

/** A longer search for the shortest difference is given up, and the file shown as replaced. */
const longestMs = 2_000;
const contextLines = 3;

/** A change as git writes it, so that `git apply` takes it. Text that is no UTF-8 does not come here: such files are never changed. */
export function unifiedDiff(change: FileChange): string {
  const [before, after] = [imageBefore(change), imageAfter(change)];
  const [oldPath, newPath] = [quoted(`a/${change.path}`), quoted(`b/${change.path}`)];
  const modes = [
    ...(before === null && after !== null ? [`new file mode ${gitMode(after.mode)}`] : []),
    ...(before !== null && after === null ? [`deleted file mode ${gitMode(before.mode)}`] : []),
    ...(before !== null && after !== null && gitMode(before.mode) !== gitMode(after.mode)
      ? [`old mode ${gitMode(before.mode)}`, `new mode ${gitMode(after.mode)}`]
      : []),
  ];
  const hunks = hunksOf(before?.content.toString() ?? '', after?.content.toString() ?? '');
  const names = [
    `--- ${before === null ? '/dev/null' : oldPath}`,
    `+++ ${after === null ? '/dev/null' : newPath}`,
  ];
  return `${[`diff --git ${oldPath} ${newPath}`, ...modes, ...(hunks.length > 0 ? [...names, ...hunks] : [])].join('\n')}\n`;
}

function hunksOf(before: string, after: string): string[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: contextLines, timeout: longestMs });
  if (patch === undefined) return [replacedWhole(before, after)];
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines].join('\n'),
  );
}

function replacedWhole(before: string, after: string): string {
  const [removed, added] = [marked('-', before), marked('+', after)];
  const range = (text: string) => `${text === '' ? 0 : 1},${linesOf(text).length}`;
  return [`@@ -${range(before)} +${range(after)} @@`, ...removed, ...added].join('\n');
}

function marked(sign: string, text: string): string[] {
  const lines = linesOf(text).map((line) => sign + line);
  return text === '' || text.endsWith('\n') ? lines : [...lines, '\\ No newline at end of file'];
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Git knows a file as executable or not. */
function gitMode(mode: number): string {
  return (mode & 0o100) === 0 ? '100644' : '100755';
}

/** A name with quotes or backslashes is quoted as git does it. */
function quoted(path: string): string {
  return /["\\]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&')}"` : path;
}
