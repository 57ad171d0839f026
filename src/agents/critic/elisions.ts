import type { CodeBlock } from './code-blocks.ts';
import { placeholderForm } from './placeholder-words.ts';

/** A place in a code block where its author left code out. */
export interface Elision {
  /** 1-based line within the block. */
  readonly line: number;
  /** The placeholder as written, at most 80 characters. */
  readonly text: string;
  /** `worded` says that code is missing ("rest of the code here"); `bare` is only an ellipsis, which examples use freely. */
  readonly form: 'worded' | 'bare';
  /** Whether the placeholder is a comment; one that is not keeps the code from parsing. */
  readonly isComment: boolean;
}

/**
 * Finds placeholders for code that was left out: comments in any language's form ("// rest of the code here", "# ... existing
 * code ...", "/* unchanged *\/", "// TODO: implement"), the same words alone on a line without comment marks, and, outside of
 * Python, an ellipsis in the place of code: alone on a line or in braces, or before a closing bracket in JavaScript, TypeScript, Java,
 * C# and JSON.
 *
 * The words must be the whole comment, so "// skip the rest of the file" is none. Not taken for elision: `...` in Python
 * (Ellipsis), spread and rest parameters, C's variadic `...`, YAML's end mark. Known mistakes: a bare `...` that stands for code
 * in Python is missed; a placeholder on a line longer than 400 characters is missed; a comment that truly documents "the rest
 * remains unchanged" is taken for a placeholder.
 */
export function findElisions(block: CodeBlock): readonly Elision[] {
  if (notCode.has(block.language)) return [];
  const lines = block.code.split('\n');
  const found: Elision[] = [];
  let isInsideComment = false;
  let isInsideTemplate = false;
  for (const [index, line] of lines.entries()) {
    const wasInsideComment: boolean = isInsideComment;
    isInsideComment = !withoutBlockComments.has(block.language) && staysInComment(line, wasInsideComment);
    const wasInsideTemplate: boolean = isInsideTemplate;
    if (hasTemplates.has(block.language)) {
      isInsideTemplate = (line.replace(/\\./g, '').split('`').length % 2 === 0) !== wasInsideTemplate;
    }
    if (line.length > 400 || wasInsideTemplate) continue;
    const elision = wasInsideComment
      ? inCommentBody(line, lines[index - 1])
      : (inComment(line) ?? inBareLine(line, block.language, lines[index - 1], lines[index + 1]));
    if (elision !== undefined) found.push({ line: index + 1, ...elision });
  }
  return found;
}

/**
 * The block's code with every placeholder that is not a comment taken out or replaced by something that parses in its place, so
 * that the rest can be checked; line for line.
 */
export function withoutElisions(block: CodeBlock): string {
  const lines = block.code.split('\n');
  for (const elision of findElisions(block)) {
    if (elision.isComment) continue;
    const index = elision.line - 1;
    const line = lines[index] ?? '';
    if (line.trim() === elision.text) lines[index] = '';
    else if (/^json/.test(block.language)) lines[index] = line.replace(danglingEllipsis, '');
    // A name is valid in nearly every place where an ellipsis may stand inside of a line.
    else if (ellipsisNeedsName.has(block.language)) lines[index] = line.replace(danglingEllipsis, '_');
    else lines[index] = line.replace(emptyBraces, '{}');
  }
  return lines.join('\n');
}

/** Languages whose text is not code, or in which an ellipsis is part of the text. */
const notCode: ReadonlySet<string> = new Set(
  'text txt plaintext plain output log console shell-session shellsession terminal diff patch md mdx markdown csv mermaid'.split(
    ' ',
  ),
);

type Found = Pick<Elision, 'text' | 'form' | 'isComment'>;

function inComment(line: string): Found | undefined {
  for (const match of line.matchAll(commentMarks)) {
    const before = line.slice(0, match.index);
    if (isInsideString(before)) continue;
    const comment = line
      .slice(match.index + match[0].length)
      .replace(/(?:\*+\/\}?|-->|--\}\}|%>|\*\))[\s\S]*$/, '');
    const form = placeholderForm(comment);
    if (form !== undefined) return { text: shorten(line.slice(match.index)), form, isComment: true };
  }
  return undefined;
}

/** A line that ends the sentence of the one before it says something, and is no placeholder. */
function inCommentBody(line: string, previous = ''): Found | undefined {
  if (/[\w,)`'"]\s*$/.test(previous) && !/^\s*\/\*/.test(previous)) return undefined;
  const form = placeholderForm(line.replace(/\*\/[\s\S]*$/, '').replace(/^\s*\*+/, ''));
  return form === undefined ? undefined : { text: shorten(line), form, isComment: true };
}

/** Whether a comment of the form that C made common is open at the end of the line. */
function staysInComment(line: string, wasInside: boolean): boolean {
  const begin = line.lastIndexOf('/*');
  if (line.lastIndexOf('*/') > begin) return false;
  if (wasInside || begin < 0) return wasInside;
  const before = line.slice(0, begin);
  return !isInsideString(before) && !before.includes('//');
}

/** Languages in which a text may go on over lines between backticks. */
const hasTemplates: ReadonlySet<string> = new Set(
  'javascript js jsx mjs cjs node typescript ts tsx mts cts'.split(' '),
);

/** Languages in which `/*` begins no comment but may well occur in a path. */
const withoutBlockComments: ReadonlySet<string> = new Set(
  'sh bash zsh shell fish powershell ps1 python py python3 py3 pyi ruby rb perl yaml yml toml make makefile dockerfile'.split(
    ' ',
  ),
);

/** `#` and `--` must stand alone, so that `#include`, `i--` and `--flag` are no comments; `//` must not be part of a URL. */
const commentMarks =
  /(?<!:)\/\/+|\/\*+|(?<=^\s*)\*+(?=\s)|(?<=^|\s)#+(?=[\s.…])|(?<=^|\s)--(?=\s)|<!--|(?<=^\s*)(?:%+|;+|')(?=\s)/g;

function inBareLine(line: string, language: string, previous = '', next = ''): Found | undefined {
  const text = line.trim();
  if (/^(?:\.{3,}|…)$/.test(text)) {
    const isVariadic = /,\s*$/.test(previous) && /^\s*\)/.test(next);
    const isValid = ellipsisIsCode.has(language) || isVariadic;
    return isValid ? undefined : { text, form: 'bare', isComment: false };
  }
  const wrapped = /^(?:[([<{]\s*(.+?)\s*[)\]>}]|(?:\.{3}|…)\s*(.+))$/.exec(text);
  const words = wrapped?.[1] ?? wrapped?.[2];
  if (words !== undefined && placeholderForm(words) === 'worded') {
    return { text: shorten(text), form: 'worded', isComment: false };
  }
  const dangling = ellipsisNeedsName.has(language)
    ? danglingEllipsis
    : language === '' || ellipsisIsCode.has(language)
      ? undefined
      : emptyBraces;
  for (const match of dangling === undefined ? [] : line.matchAll(dangling)) {
    if (!isInsideString(line.slice(0, match.index)) && !/(?:\/\/|\/\*)/.test(line.slice(0, match.index))) {
      return { text: shorten(text), form: 'bare', isComment: false };
    }
  }
  return undefined;
}

/** An ellipsis before a closing bracket or the end of a statement; where a spread needs a name after it, that is never code. */
const danglingEllipsis = /(?:\.{3}|…)(?=\s*[)\]},;])/g;

const ellipsisNeedsName: ReadonlySet<string> = new Set(
  'javascript js jsx mjs cjs node typescript ts tsx mts cts java csharp cs c# json jsonc json5'.split(' '),
);

/** In other languages, brackets of other kinds with an ellipsis have a meaning: Go's `[...]int{}`, C++'s `catch (...)`. */
const emptyBraces = /\{\s*(?:\.{3}|…)\s*\}/g;

const ellipsisIsCode: ReadonlySet<string> = new Set('python py python3 py3 pyi yaml yml'.split(' '));

/** An odd number of quotes before it means that a mark stands inside of a string; an apostrophe in a word is no quote. */
function isInsideString(before: string): boolean {
  const unescaped = before.replace(/\\./g, '').replace(/\w'\w/g, '');
  return ['"', "'", '`'].some((quote) => unescaped.split(quote).length % 2 === 0);
}

function shorten(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > 80 ? `${trimmed.slice(0, 79)}…` : trimmed;
}
