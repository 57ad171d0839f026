import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { compileGlobs } from '../path-filter.ts';
import { Refusal } from '../Refusal.ts';
import { compileSearch, type LineSearch } from '../search-text.ts';
import { decodeText, withPlainEndings } from '../text-file.ts';
import type { WorkspaceStage } from '../WorkspaceStage.ts';
import { defineTool } from './define-tool.ts';
import { pathsIn } from './paths-in.ts';
import { globsSchema, hiddenSchema, ignoredSchema } from './walk-inputs.ts';

const longestLine = 300;
/** Of a line that is cut, so much is shown before its match. */
const beforeMatch = 100;
/** Files after which other work gets its turn. */
const filesAtOnce = 20;

export const search = defineTool({
  name: 'search',
  description:
    'Searches the text of the files for a regular expression (RE2 syntax, as ripgrep), line by line. Gives path:line:text. Files that .gitignore leaves out, hidden and binary files are not searched unless asked for.',
  shape: {
    pattern: z.string().describe('the regular expression'),
    path: z
      .string()
      .default('')
      .describe('file or folder to search, relative to the root; default the whole project'),
    globs: globsSchema,
    ignore_case: z.boolean().default(false),
    literal: z.boolean().default(false).describe('take the pattern as plain text'),
    context: z.int().min(0).max(20).default(0).describe('lines to show before and after each match'),
    files_only: z.boolean().default(false).describe('give only the paths of files with a match'),
    max_matches: z.int().min(1).max(1_000).default(100),
    hidden: hiddenSchema,
    ignored: ignoredSchema,
  },
  run: async (input, { stage, signal }) => {
    const find = compileSearch({
      pattern: input.pattern,
      ignoreCase: input.ignore_case,
      literal: input.literal,
    });
    if (find instanceof Refusal) return find;
    const filter = compileGlobs(input.globs);
    if (filter instanceof Refusal) return filter;
    const paths = pathsIn(stage, { ...input, filter, signal });
    if (paths instanceof Refusal) return paths;
    const findings = new Findings(input.max_matches, stage.limits.maxResultLength);
    const endMs = performance.now() + stage.limits.searchTimeMs;
    let searched = 0;
    for await (const path of paths) {
      if (findings.isFull() || performance.now() > endMs) {
        const why = findings.isFull()
          ? `these are the first ${findings.matches}`
          : `stopped after ${stage.limits.searchTimeMs / 1_000} s and ${searched} files`;
        return findings.text(`(There may be more: ${why}. Narrow the pattern, the path or the globs.)`);
      }
      searched += 1;
      if (searched % filesAtOnce === 0) await setImmediate();
      signal.throwIfAborted();
      searchFile(stage, path, find, input, findings);
    }
    if (findings.matches === 0) return `No matches in ${searched} files.${findings.skippedNote()}`;
    return findings.text(findings.skippedNote().trim());
  },
});

function searchFile(
  stage: WorkspaceStage,
  path: string,
  find: LineSearch,
  input: { readonly context: number; readonly files_only: boolean },
  findings: Findings,
): void {
  const image = stage.imageAt(path);
  if (image === null) return;
  const decoded = image instanceof Refusal ? image : decodeText(image.content, path);
  if (decoded instanceof Refusal) {
    findings.skip(image instanceof Refusal ? 'unreadable or too large' : 'binary');
    return;
  }
  const plain = withPlainEndings(decoded.text);
  const lines = plain.split('\n');
  if (plain.endsWith('\n')) lines.pop();
  const found = find.linesIn(lines, plain);
  if (found.length === 0) return;
  if (input.files_only) findings.add([path], 1);
  else findings.add(...shownLines(path, lines, found.slice(0, findings.left()), input.context, find));
}

/** The lines with their surroundings, as grep writes them; and how many matches. */
function shownLines(
  path: string,
  lines: readonly string[],
  found: readonly number[],
  context: number,
  { positionIn }: LineSearch,
): [shown: readonly string[], matches: number] {
  const isMatch = new Set(found);
  const shown: string[] = [];
  let last = -1;
  for (const line of found) {
    const start = Math.max(last + 1, line - context);
    if (context > 0 && last >= 0 && start > last + 1) shown.push('--');
    for (let at = start; at <= Math.min(lines.length - 1, line + context); at += 1) {
      const text = lines[at] ?? '';
      const sign = isMatch.has(at) ? ':' : '-';
      const start = isMatch.has(at) && text.length > longestLine ? positionIn(text) - beforeMatch : 0;
      shown.push(`${path}${sign}${at + 1}${sign}${cutFrom(text, start)}`);
      last = at;
    }
  }
  return [shown, found.length];
}

/** A line, or of a long one the part from about there on. */
function cutFrom(line: string, start: number): string {
  if (line.length <= longestLine) return line;
  const from = Math.max(0, Math.min(start, line.length - longestLine));
  const part = line.slice(from, from + longestLine);
  return from === 0
    ? `${part} [cut: ${line.length} characters]`
    : `[from character ${from + 1}] ${part} [cut: ${line.length} characters]`;
}

/** What a search has found so far. */
class Findings {
  matches = 0;
  private readonly lines: string[] = [];
  private readonly skipped = new Map<string, number>();
  private length = 0;
  private readonly maxMatches: number;
  private readonly maxLength: number;

  constructor(maxMatches: number, maxLength: number) {
    this.maxMatches = maxMatches;
    this.maxLength = maxLength;
  }

  left(): number {
    return this.maxMatches - this.matches;
  }

  isFull(): boolean {
    return this.left() <= 0 || this.length >= this.maxLength;
  }

  add(lines: readonly string[], matches: number): void {
    this.matches += matches;
    for (const line of lines) {
      if (this.length >= this.maxLength) return;
      this.lines.push(line);
      this.length += line.length + 1;
    }
  }

  skip(why: string): void {
    this.skipped.set(why, (this.skipped.get(why) ?? 0) + 1);
  }

  skippedNote(): string {
    const parts = [...this.skipped].map(([why, count]) => `${count} ${why}`);
    return parts.length > 0 ? ` (Files that were not searched: ${parts.join(', ')}.)` : '';
  }

  text(note: string): string {
    return [...this.lines, ...(note === '' ? [] : [note])].join('\n');
  }
}
