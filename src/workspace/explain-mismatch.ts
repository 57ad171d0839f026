import { lineAt } from './replace-text.ts';

const shownLines = 6;
const mostCompared = 20_000;

/** Why a text that a model wanted to replace is not in the file, with the place that it most likely meant. Both with plain endings. */
export function explainMismatch(plain: string, search: string): string {
  const numbered = withoutLineNumbers(search);
  if (numbered !== null && plain.includes(numbered)) {
    return `old_string holds the line numbers that read_file shows; without them it stands at line ${lineAt(plain, plain.indexOf(numbered))}. Leave them out.`;
  }
  const lines = plain.split('\n');
  const wanted = trimEmptyLines(search.split('\n'));
  const first = wanted[0];
  if (first === undefined) return 'old_string holds only white space. Give the text that is to be replaced.';
  for (const { form, what } of comparisons) {
    const at = findLines(lines, wanted, form);
    if (at < 0) continue;
    const differs = wanted.findIndex((line, index) => line !== lines[at + index]);
    const [theirs, ours] = [lines[at + Math.max(0, differs)] ?? '', wanted[Math.max(0, differs)] ?? ''];
    if (differs < 0 || (wanted.length === 1 && theirs.includes(ours))) {
      return `Without the empty lines around it old_string stands at line ${at + 1}. Give it exactly as the file has it:\n${excerpt(lines, at, wanted.length)}`;
    }
    return `It stands at line ${at + 1} but for ${what}: line ${at + differs + 1} is ${visible(theirs)}, and old_string has ${visible(ours)}. The file has:\n${excerpt(lines, at, wanted.length)}`;
  }
  const nearest = nearestLine(lines, wanted);
  if (nearest === null) return 'Nothing in the file is like it. Read the file again before you edit it.';
  const start = Math.max(0, nearest.line - nearest.offset);
  return `The nearest is at line ${nearest.line + 1}:\n${excerpt(lines, start, Math.max(wanted.length, 3))}\nRead these lines again and give old_string exactly as the file has it.`;
}

/** Forms in which two lines are the same that differ only in what is named. */
const comparisons = [
  { form: (line: string) => line.trimEnd(), what: 'white space at the end of a line' },
  { form: (line: string) => line.trim(), what: 'the indentation' },
  { form: squeeze, what: 'white space' },
  { form: straight, what: 'typographic characters' },
  { form: (line: string) => squeeze(line).toLowerCase(), what: 'letter case' },
] as const;

function squeeze(line: string): string {
  return line.replace(/\s+/g, '');
}

/** As a model types it: straight quotes, plain hyphens and spaces, composed letters. */
function straight(line: string): string {
  const typed = line.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').replace(/[–—−]/g, '-');
  return squeeze(typed.normalize('NFKC'));
}

/** Where the wanted lines stand in that form; a single one may be a part of a line. */
function findLines(
  lines: readonly string[],
  wanted: readonly string[],
  form: (line: string) => string,
): number {
  if (wanted.length * lines.length > mostCompared * 100) return -1;
  const forms = wanted.map(form);
  const [only] = forms;
  if (forms.length === 1 && only !== undefined) return lines.findIndex((line) => form(line).includes(only));
  return lines.findIndex(
    (_, at) =>
      at + forms.length <= lines.length &&
      forms.every((each, index) => form(lines[at + index] ?? '') === each),
  );
}

/** The line of the file that is most like the longest wanted one; null where none has much in common with it. */
function nearestLine(
  lines: readonly string[],
  wanted: readonly string[],
): { readonly line: number; readonly offset: number } | null {
  const longest = wanted.reduce((a, b) => (b.trim().length > a.trim().length ? b : a));
  const pairs = pairsOf(longest);
  let best = { line: -1, score: 0.4 };
  for (const [line, text] of lines.slice(0, mostCompared).entries()) {
    const score = likeness(pairs, pairsOf(text));
    if (score > best.score) best = { line, score };
  }
  return best.line < 0 ? null : { line: best.line, offset: wanted.indexOf(longest) };
}

/** Pairs of neighbouring characters; lines are compared by how many they share (Dice's coefficient). */
function pairsOf(line: string): ReadonlySet<string> {
  const text = squeeze(line).slice(0, 500);
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared += 1;
  return (2 * shared) / (a.size + b.size);
}

function withoutLineNumbers(search: string): string | null {
  const lines = search.split('\n');
  if (!lines.every((line) => line === '' || /^ *\d+\t/.test(line))) return null;
  return lines.map((line) => line.replace(/^ *\d+\t/, '')).join('\n');
}

function trimEmptyLines(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(first, last + 1);
}

function excerpt(lines: readonly string[], start: number, count: number): string {
  const shown = lines.slice(start, start + Math.min(count, shownLines));
  const text = shown.map((line, index) => `${start + index + 1}\t${line.slice(0, 200)}`).join('\n');
  return count > shownLines ? `${text}\n...` : text;
}

/** A line with its white space to be seen. */
function visible(line: string): string {
  const cut = line.length > 120 ? `${line.slice(0, 120)}...` : line;
  return JSON.stringify(cut);
}
