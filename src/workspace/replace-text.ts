import { usualEnding, withPlainEndings } from './text-file.ts';

export interface Replacement {
  readonly text: string;
  /** 1-based first lines of the places that were replaced, in the old text. */
  readonly lines: readonly number[];
}

/** Positions at which `search` stands in a text with plain line endings; they do not overlap. */
export function positionsOf(plain: string, search: string): readonly number[] {
  const found: number[] = [];
  for (let at = plain.indexOf(search); at >= 0; at = plain.indexOf(search, at + search.length))
    found.push(at);
  return found;
}

/**
 * Replaces `search` wherever it stands. Line endings are compared as if all were `\n`; every line that stays keeps the ending it has, and
 * a new line gets the one of the line it replaces, else the file's usual one.
 */
export function replaceText(text: string, search: string, replacement: string): Replacement {
  const plain = withPlainEndings(text);
  const wanted = withPlainEndings(search);
  const given = withPlainEndings(replacement).split('\n');
  const usual = usualEnding(text);
  const rawAt = rawPositions(text);
  const pieces: string[] = [];
  const lines: number[] = [];
  let done = 0;
  let counted = 0;
  let line = 1;
  for (const at of positionsOf(plain, wanted)) {
    line += lineBreaks(plain, counted, at);
    counted = at;
    const [start, end] = [rawAt(at), rawAt(at + wanted.length)];
    const endings = text.slice(start, end).match(/\r?\n/g) ?? [];
    const changed = given.map((text, index) =>
      index < given.length - 1 ? text + (endings[index] ?? usual) : text,
    );
    pieces.push(text.slice(done, start), ...changed);
    lines.push(line);
    done = end;
  }
  pieces.push(text.slice(done));
  return { text: pieces.join(''), lines };
}

/** 1-based line of a position. */
export function lineAt(plain: string, position: number): number {
  return 1 + lineBreaks(plain, 0, position);
}

function lineBreaks(plain: string, start: number, end: number): number {
  let count = 0;
  for (let at = plain.indexOf('\n', start); at >= 0 && at < end; at = plain.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** From a position in the text with plain endings to the one in the text itself. Positions are asked in ascending order. */
function rawPositions(text: string): (plainPosition: number) => number {
  let removed = 0;
  let next = text.indexOf('\r\n');
  return (position) => {
    // The ending at `next` is one character in the plain text, at `next - removed`.
    while (next >= 0 && next - removed < position) {
      removed += 1;
      next = text.indexOf('\r\n', next + 2);
    }
    return position + removed;
  };
}
