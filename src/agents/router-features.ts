import { fileEndings, lexicon, type WordClass } from './router-lexicon.ts';

/** Characters looked at from the start of a task; what stands between head and tail counts only in `length`. */
export const scannedHead = 8_192;

/** Characters looked at from the end of a task that is longer than head and tail together. */
export const scannedTail = 4_096;

/** Characters from the start in which words are looked up: people say what they want at the start and the end. */
export const vocabularyHead = 1_500;

/** Characters from the end in which words are looked up. */
const vocabularyTail = 750;

/** What each feature counts, in words. `log` is ln(1 + count): the tenth of a kind says less than the first. */
export const featureDescriptions = {
  length: 'characters, log',
  codeSigns: 'brackets, underscores and other signs of code, log',
  mathSigns: 'signs of formulas, log',
  numbers: 'numbers, log',
  conditions: 'words that set conditions, such as must, each, at least, without; log',
  buildWords: 'words for making or reworking software, such as implement, refactor, migrate; at most 3',
  hardWords:
    'words for subjects with many parts, failure or attack, such as distributed, deadlock; at most 4',
  breadthWords: 'words for a wide reach, such as system, module, everywhere; at most 2',
  proofWords: '1 if tests or benchmarks are spoken of',
  requirements:
    'commas, joining words and list items beyond the first, where something is to be made; at most 6',
  otherFiles: 'files named beyond the first, at most 3',
  smallWords: 'words for touching one spot, such as typo, rename, translate; at most 2; 0 beside buildWords',
  factQuestion: '1 if it opens like a question for a fact (who, what, when, where, which, is)',
  brevity: '1 at no word, falling to 0 at 12 words',
} as const;

export type FeatureName = keyof typeof featureDescriptions;
export type Features = Readonly<Record<FeatureName, number>>;

/**
 * Counts what the Router scores. Pure and deterministic; its time is bounded by the scanned head and tail, whatever the length. Takes
 * any string, lone surrogates included. Words are English; in other languages length and signs decide.
 */
export function extractFeatures(task: string): Features {
  const isCut = task.length > scannedHead + scannedTail;
  const seen = scan(isCut ? `${task.slice(0, scannedHead)}\n${task.slice(-scannedTail)}` : task);
  const words = seen.classes;
  // A bare list of words with commas asks for nothing; an enumeration of requirements has an `and` or items.
  const isEnumeration = words.build + words.make > 0 && words.join + seen.listItems > 0;
  return {
    length: Math.log1p(task.length),
    codeSigns: Math.log1p(seen.codeSigns),
    mathSigns: Math.log1p(seen.mathSigns),
    numbers: Math.log1p(seen.numbers),
    conditions: Math.log1p(words.condition),
    buildWords: Math.min(words.build, 3),
    hardWords: Math.min(words.hard, 4),
    breadthWords: Math.min(words.breadth, 2),
    proofWords: Math.min(words.proof, 1),
    requirements: isEnumeration ? Math.min(Math.max(seen.commas + words.join + seen.listItems - 1, 0), 6) : 0,
    otherFiles: Math.min(Math.max(seen.files - 1, 0), 3),
    smallWords: words.build > 0 ? 0 : Math.min(words.small, 2),
    factQuestion: seen.opening === 'fact' ? 1 : 0,
    brevity: Math.max(0, 1 - seen.words / 12),
  };
}

interface Seen {
  words: number;
  numbers: number;
  codeSigns: number;
  mathSigns: number;
  commas: number;
  listItems: number;
  files: number;
  /** Class of the first word. */
  opening: WordClass | undefined;
  readonly classes: Record<WordClass, number>;
}

/** One pass, each character looked at once or twice. Words inside a fenced block are code, not what is asked. */
function scan(text: string): Seen {
  const seen: Seen = {
    words: 0,
    numbers: 0,
    codeSigns: 0,
    mathSigns: 0,
    commas: 0,
    listItems: 0,
    files: 0,
    opening: undefined,
    classes: { build: 0, make: 0, small: 0, hard: 0, breadth: 0, proof: 0, condition: 0, join: 0, fact: 0 },
  };
  const tailStart = text.length - vocabularyTail;
  let isFenced = false;
  let isLineStart = true;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const kind = kindOf(code);
    if (kind === letter) {
      const start = at;
      do at += 1;
      while (at < text.length && isWordPart(text.charCodeAt(at)));
      seen.words += 1;
      if (!isFenced && (start < vocabularyHead || start >= tailStart)) readWord(text, start, at, seen);
      isLineStart = false;
    } else if (kind === digit) {
      do at += 1;
      while (at < text.length && kindOf(text.charCodeAt(at)) === digit);
      seen.numbers += 1;
      const next = text.charCodeAt(at);
      if (isLineStart && (next === dot || next === closingParenthesis) && isBlank(text, at + 1))
        seen.listItems += 1;
      isLineStart = false;
    } else if (kind === newline) {
      isLineStart = true;
      at += 1;
    } else if (kind === blank) {
      at += 1;
    } else {
      if (kind === codeSign) seen.codeSigns += 1;
      else if (kind === mathSign) seen.mathSigns += 1;
      else if (kind === comma && !isFenced) seen.commas += 1;
      if (isLineStart && (code === hyphen || code === asterisk || code === bullet) && isBlank(text, at + 1)) {
        seen.listItems += 1;
      }
      isLineStart = false;
      if (code === backtick && text.startsWith('```', at)) {
        isFenced = !isFenced;
        at += 2;
      }
      at += 1;
    }
  }
  return seen;
}

function readWord(text: string, start: number, end: number, seen: Seen): void {
  if (end - start > longestWord) return;
  const word = text.slice(start, end).toLowerCase();
  if (filesWithoutEnding.has(word)) {
    seen.files += 1;
    return;
  }
  const isAfterDot =
    start > 1 && text.charCodeAt(start - 1) === dot && isWordPart(text.charCodeAt(start - 2));
  if (isAfterDot && fileEndings.has(word)) {
    seen.files += 1;
    return;
  }
  // The name of a file says nothing of the task: `index.ts` is no index.
  if (text.charCodeAt(end) === dot && end + 1 < text.length && isWordPart(text.charCodeAt(end + 1))) return;
  const wordClass = lexicon.get(word);
  if (wordClass === undefined) return;
  if (seen.words === 1) seen.opening = wordClass;
  seen.classes[wordClass] += 1;
}

const filesWithoutEnding: ReadonlySet<string> = new Set(['readme', 'dockerfile', 'makefile', 'changelog']);

/** No word of the lexicon is longer. */
const longestWord = 24;

const closingParenthesis = 41;
const asterisk = 42;
const hyphen = 45;
const dot = 46;
const backtick = 96;
const bullet = 0x2022;

const [other, letter, digit, blank, newline, codeSign, mathSign, comma] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const kinds = kindTable();

/** The kind of each ASCII character. */
function kindTable(): Uint8Array {
  const table = new Uint8Array(128);
  const fill = (characters: string, kind: number) => {
    for (const character of characters) table[character.charCodeAt(0)] = kind;
  };
  fill('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', letter);
  fill('0123456789', digit);
  fill(' \t\r\v\f', blank);
  fill('\n', newline);
  fill('()[]{}<>=;_&|#@', codeSign);
  fill('$\\^%+*/', mathSign);
  fill(',', comma);
  return table;
}

/** Beyond ASCII everything counts as a letter, except the signs of Latin-1, general punctuation and CJK punctuation. */
function kindOf(code: number): number {
  if (code < 128) return kinds[code] ?? other;
  const isSign = code < 0xc0 || (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040);
  return isSign ? other : letter;
}

function isWordPart(code: number): boolean {
  const kind = kindOf(code);
  return kind === letter || kind === digit;
}

/** Whether the text ends here or goes on with white space. */
function isBlank(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const kind = kindOf(text.charCodeAt(at));
  return kind === blank || kind === newline;
}
