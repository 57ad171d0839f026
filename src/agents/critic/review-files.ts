import { whyNotInside } from '../../workspace/checks/why-not-inside.ts';
import { type FileChange, type FileImage, imageAfter, imageBefore } from '../../workspace/FileChange.ts';
import type { Issue } from '../verdict.ts';
import { findBrokenImports } from './broken-imports.ts';
import { findElidedCode } from './elided-code.ts';
import { rulesFor } from './languages.ts';
import { hasMatchingBrackets } from './macro-doubt.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';
import { findSecrets } from './secrets.ts';
import { findSyntaxErrors } from './syntax.ts';

export interface FileReviewOptions {
  /** The text of a file as it would be; null where there is none. */
  readonly readFile?: ((path: string) => string | null) | undefined;
  /** UTF-16 units; the syntax of a longer file is not checked, and a warning says so. */
  readonly maxLength: number;
  /** Time for parsing one file. */
  readonly timeLimitMs: number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal | undefined;
}

/** Time for parsing all files of a task; what is left then is named in warnings. */
const allFilesMs = 20_000;

/**
 * Judges the files that a task changed as code blocks are judged, but as whole files: code left out, secrets, syntax by the language of
 * the name. What a file had before the task is not blamed on it: an issue with the same words counts no more, and in a file that did
 * not parse before, syntax errors are warnings.
 */
export async function findFileIssues(
  task: string,
  changes: readonly FileChange[],
  options: FileReviewOptions,
): Promise<readonly Issue[]> {
  const deadlineMs = options.nowMs() + allFilesMs;
  const issues: Issue[] = [];
  for (const change of changes) {
    const badPath = whyNotInside(change.path);
    if (badPath !== undefined) {
      issues.push({ kind: 'bad-path', severity: 'error', message: `${badPath}.` });
      continue;
    }
    const after = imageAfter(change);
    if (after === null) continue;
    const timeLimitMs = Math.min(options.timeLimitMs, Math.max(0, deadlineMs - options.nowMs()));
    const limits = { ...options, timeLimitMs, readFile: readerOf(changes, options.readFile) };
    issues.push(...findLostEnd(change));
    const found = await issuesOf(task, change.path, after, limits);
    if (found.length === 0) continue;
    const known: Issue[] = [];
    for (const { path, image } of predecessors(change, changes))
      known.push(...(await issuesOf(task, path, image, limits)));
    issues.push(...newIssues(found, known));
  }
  return issues;
}

async function issuesOf(
  task: string,
  path: string,
  image: FileImage,
  options: FileReviewOptions,
): Promise<readonly Issue[]> {
  const read = asAnswer(task, path, image.content.toString().replace(/^\ufeff/, ''));
  const secrets = await findSecrets(read);
  options.signal?.throwIfAborted();
  const syntaxErrors = await findSyntaxErrors(read, {
    ...options,
    maxBlockLength: options.maxLength,
    maskedText: secrets.maskedText,
  });
  const { readFile } = options;
  const imports = readFile === undefined ? [] : findBrokenImports(path, read.text, { read: readFile });
  // The grammar does not know all that a compiler writes into declaration files.
  const isDoubtful = /\.d\.[cm]?ts$/.test(path) && hasMatchingBrackets(read.text);
  const syntax = syntaxErrors.map((issue) =>
    isDoubtful ? { ...issue, severity: 'warning' as const } : issue,
  );
  return [...findElidedCode(read), ...secrets.issues, ...syntax, ...imports];
}

/** Files as the task would have them, where it changes them. */
function readerOf(
  changes: readonly FileChange[],
  readFile: FileReviewOptions['readFile'],
): FileReviewOptions['readFile'] {
  if (readFile === undefined) return undefined;
  return (path) => {
    const change = changes.find((each) => each.path === path);
    return change === undefined ? readFile(path) : (imageAfter(change)?.content.toString() ?? null);
  };
}

/** A file that is as it was up to the middle of a line, and ends there, was cut off while it was written. */
function findLostEnd(change: FileChange): readonly Issue[] {
  if (change.status !== 'modified') return [];
  const before = change.before.content.toString();
  const after = change.after.content.toString();
  const isCut =
    after.length > 0 &&
    before.startsWith(after) &&
    !after.endsWith('\n') &&
    !/^\s*(?:\n|$)/.test(before.slice(after.length));
  if (!isCut) return [];
  const line = after.split('\n').length;
  const message = `${change.path} ends in the middle of line ${line}, and all that followed is lost.`;
  return [{ kind: 'cut-off', severity: 'error', message, file: change.path, line }];
}

/** What a file was before the task; a new one may be one that was deleted, under another name. */
function predecessors(
  change: FileChange,
  changes: readonly FileChange[],
): { path: string; image: FileImage }[] {
  const same = change.status === 'added' ? changes.filter(({ status }) => status === 'deleted') : [change];
  return same.flatMap((each) => {
    const image = imageBefore(each);
    return image !== null && languageOf(each.path) === languageOf(change.path)
      ? [{ path: each.path, image }]
      : [];
  });
}

function newIssues(found: readonly Issue[], known: readonly Issue[]): readonly Issue[] {
  const words = ({ message, file = '' }: Issue) => message.replace(file, '').replace(/ at line \d+/, '');
  const left = known.map(words);
  const wasBroken = known.some(({ kind, severity }) => kind === 'syntax-error' && severity === 'error');
  return found.flatMap((issue) => {
    const at = left.indexOf(words(issue));
    if (at >= 0) {
      left.splice(at, 1);
      return [];
    }
    const isOldTrouble = wasBroken && issue.kind === 'syntax-error';
    return [isOldTrouble ? { ...issue, severity: 'warning' as const } : issue];
  });
}

/** A file in the form of an answer with one block, so that line n of the file is line n of the block. */
function asAnswer(task: string, path: string, text: string): ReviewedAnswer {
  const code = text.replaceAll('\r\n', '\n');
  const block = {
    number: 1,
    file: path,
    language: languageOf(path),
    code,
    line: 0,
    endedBy: 'fence' as const,
  };
  return { task, stopReason: 'end_turn', asksForTools: false, text: code, blocks: [block] };
}

/** Files whose JSON has comments and trailing commas by custom. */
const commentedJson =
  /(^|\/)(tsconfig[^/]*|jsconfig[^/]*|\.eslintrc|\.swcrc|\.babelrc|devcontainer|deno)\.json$|(^|\/)\.vscode\/[^/]+\.json$/;

/** Languages that are not parsed, in which code can be left out all the same. */
const otherCode = new Set(
  'html htm vue svelte scss less sql yaml yml toml kt kts swift scala dart lua ex exs'.split(' '),
);

/** The label that a code block of the file would have: its extension, which every language that is checked is known by; else `text`. */
function languageOf(path: string): string {
  if (commentedJson.test(path)) return 'jsonc';
  const extension = /[^/]\.([A-Za-z0-9+]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return rulesFor(extension) !== undefined || otherCode.has(extension) ? extension : 'text';
}
