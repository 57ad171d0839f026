/** A fenced code block of a Markdown text. */
export interface CodeBlock {
  /** 1-based, in order of appearance. */
  readonly number: number;
  /** The file of the workspace whose whole text the block is; absent for a block of an answer. */
  readonly file?: string;
  /** First word of the info string in lower case, without decoration (`{.python}`, `ts:src/a.ts`, `js{1,3}`); may be empty. */
  readonly language: string;
  /** The lines inside, joined by `\n`, without the fence's own indentation and its containers' markers. */
  readonly code: string;
  /** 1-based line of the opening fence in the text; the code begins on the next one. */
  readonly line: number;
  /**
   * How it ended. `end-of-text` is what an answer looks like that was cut off; `end-of-container` is a fence inside a list item or
   * quote whose content left it, which is a slip of the author's.
   */
  readonly endedBy: 'fence' | 'end-of-container' | 'end-of-text';
}

/** What a message calls a block. */
export function blockName(block: CodeBlock): string {
  const language = block.language === '' ? '' : ` (${block.language})`;
  return block.file ?? `Code block ${block.number}${language}`;
}

/** Where an issue of a block is, beside its line. */
export function blockPlace({ file, number, language }: CodeBlock): {
  readonly file?: string;
  readonly block?: number;
  readonly language?: string;
} {
  return { ...(file === undefined ? { block: number } : { file }), ...(language === '' ? {} : { language }) };
}

/**
 * Finds the fenced code blocks of a text by the rules of CommonMark 0.31.2, section 4.5: fences of three or more backticks or
 * tildes, closed by one at least as long of the same kind, indented by up to three spaces, inside block quotes and list items.
 * Knowingly left out: HTML blocks (a fence directly under `<details>` is read as a fence), reference definitions, and the
 * rules by which a list may not interrupt a paragraph.
 */
export function extractCodeBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const containers: Container[] = [];
  let open: OpenFence | undefined;
  let inParagraph = false;

  const close = (fence: OpenFence, endedBy: CodeBlock['endedBy']): void => {
    blocks.push({
      number: blocks.length + 1,
      language: languageOf(fence.info),
      code: fence.lines.join('\n'),
      line: fence.line,
      endedBy,
    });
  };

  const lines = text.split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    let cursor: Cursor = { rest: line, column: 0 };
    let matched = 0;
    for (const container of containers) {
      const inside = enter(cursor, container);
      if (inside === undefined) break;
      cursor = inside;
      matched += 1;
    }

    if (open !== undefined) {
      if (matched === containers.length) {
        if (closes(cursor, open)) {
          close(open, 'fence');
          open = undefined;
        } else {
          open.lines.push(dropIndent(cursor, open.indent).rest);
        }
        continue;
      }
      close(open, 'end-of-container');
      open = undefined;
    }

    if (matched < containers.length) {
      // A paragraph's line may leave out its containers' markers ("laziness"); the containers stay open.
      if (inParagraph && !startsBlock(cursor)) continue;
      containers.length = matched;
      inParagraph = false;
    }
    for (let next = nextContainer(cursor); next !== undefined; next = nextContainer(cursor)) {
      if (containers.length >= deepestNesting) break;
      containers.push(next.container);
      cursor = next.cursor;
      inParagraph = false;
    }

    open = openFence(cursor, index + 1);
    const isIndentedCode: boolean = indentOf(cursor) >= 4 && !inParagraph;
    inParagraph = open === undefined && !isIndentedCode && cursor.rest.trim() !== '' && !startsBlock(cursor);
  }
  if (open !== undefined) close(open, 'end-of-text');
  return blocks;
}

/** Deeper quotes and lists are read as text; without a bound, time would grow with the square of the nesting. */
const deepestNesting = 100;

/** What is left of a line, and the column at which that begins; tabs stop at every fourth column. */
interface Cursor {
  readonly rest: string;
  readonly column: number;
}

type Container = { readonly kind: 'quote' } | { readonly kind: 'item'; readonly indent: number };

interface OpenFence {
  readonly marker: string;
  readonly indent: number;
  readonly info: string;
  readonly line: number;
  readonly lines: string[];
}

function enter(cursor: Cursor, container: Container): Cursor | undefined {
  if (container.kind === 'quote') return enterQuote(cursor);
  if (cursor.rest.trim() === '') return { rest: '', column: cursor.column };
  return indentOf(cursor) >= container.indent ? dropIndent(cursor, container.indent) : undefined;
}

function enterQuote(cursor: Cursor): Cursor | undefined {
  if (indentOf(cursor) > 3) return undefined;
  const text = dropIndent(cursor, 3);
  if (!text.rest.startsWith('>')) return undefined;
  return dropIndent({ rest: text.rest.slice(1), column: text.column + 1 }, 1);
}

function nextContainer(cursor: Cursor): { container: Container; cursor: Cursor } | undefined {
  if (indentOf(cursor) > 3 || isThematicBreak(cursor)) return undefined;
  const quoted = enterQuote(cursor);
  if (quoted !== undefined) return { container: { kind: 'quote' }, cursor: quoted };

  const text = dropIndent(cursor, 3);
  const marker = /^(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)/.exec(text.rest)?.[0];
  if (marker === undefined) return undefined;
  const after: Cursor = { rest: text.rest.slice(marker.length), column: text.column + marker.length };
  const gap = indentOf(after);
  // Five or more columns after the marker are an indented code block; only the first of them belongs to the marker.
  const padding = gap > 4 || after.rest.trim() === '' ? 1 : gap;
  const indent = text.column - cursor.column + marker.length + padding;
  return { container: { kind: 'item', indent }, cursor: dropIndent(after, padding) };
}

function openFence(cursor: Cursor, line: number): OpenFence | undefined {
  const indent = indentOf(cursor);
  if (indent > 3) return undefined;
  // A backtick in the info string makes it inline code.
  const match = /^(`{3,}(?=[^`]*$)|~{3,})(.*)$/.exec(cursor.rest.trimStart());
  const [, marker, info] = match ?? [];
  return marker === undefined ? undefined : { marker, indent, info: (info ?? '').trim(), line, lines: [] };
}

function closes(cursor: Cursor, open: OpenFence): boolean {
  if (indentOf(cursor) > 3) return false;
  const text = cursor.rest.trim();
  return text.startsWith(open.marker) && text === (open.marker[0] ?? '').repeat(text.length);
}

function startsBlock(cursor: Cursor): boolean {
  if (cursor.rest.trim() === '') return true;
  if (indentOf(cursor) > 3) return false;
  return (
    /^#{1,6}(?:\s|$)/.test(cursor.rest.trimStart()) ||
    isThematicBreak(cursor) ||
    openFence(cursor, 0) !== undefined ||
    nextContainer(cursor) !== undefined
  );
}

function isThematicBreak(cursor: Cursor): boolean {
  return /^([-*_])[ \t]*(?:\1[ \t]*){2,}$/.test(cursor.rest.trimStart());
}

function indentOf(cursor: Cursor): number {
  return measureIndent(cursor, Number.POSITIVE_INFINITY).columns;
}

/** Removes up to `columns` columns of white space; a tab that is cut in two leaves its rest as spaces. */
function dropIndent(cursor: Cursor, columns: number): Cursor {
  const { characters, columns: dropped } = measureIndent(cursor, columns);
  const excess = Math.max(0, dropped - columns);
  return {
    rest: ' '.repeat(excess) + cursor.rest.slice(characters),
    column: cursor.column + dropped - excess,
  };
}

function measureIndent(cursor: Cursor, atLeastColumns: number): { characters: number; columns: number } {
  let characters = 0;
  let columns = 0;
  while (columns < atLeastColumns) {
    const character = cursor.rest[characters];
    if (character === ' ') columns += 1;
    else if (character === '\t') columns += 4 - ((cursor.column + columns) % 4);
    else break;
    characters += 1;
  }
  return { characters, columns };
}

function languageOf(info: string): string {
  const word = /^\{?\.?(?:language-)?([^\s,:;{}=]+)/.exec(info)?.[1] ?? '';
  return word.toLowerCase();
}
