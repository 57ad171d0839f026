/** Unchanged lines that are shown around a change. */
const contextLines = 3;

/** One line of a difference: `-` goes, `+` comes, a space stays. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** The one stretch of lines in which two texts differ, with a few lines around it; empty where they are the same. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, fresh] = [lines(before), lines(after)];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let same = 0;
  while (
    same < Math.min(old.length, fresh.length) - start &&
    old[old.length - 1 - same] === fresh[fresh.length - 1 - same]
  ) {
    same += 1;
  }
  if (start === old.length && start === fresh.length) return [];
  const of = (sign: DiffLine['sign'], part: readonly string[]) => part.map((text) => ({ sign, text }));
  const end = old.length - same;
  return [
    ...of(' ', old.slice(Math.max(0, start - contextLines), start)),
    ...of('-', old.slice(start, end)),
    ...of('+', fresh.slice(start, fresh.length - same)),
    ...of(' ', old.slice(end, end + contextLines)),
  ];
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}
