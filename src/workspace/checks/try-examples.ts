import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Issue } from '../../agents/verdict.ts';
import { commentText } from '../examples/comment-text.ts';
import { type ExampleOutcome, exampleOutcomes } from '../examples/example-outcome.ts';
import {
  definedFunctions,
  type ExampleLanguage,
  exampleLanguage,
  fileExampleProgram,
} from '../examples/example-programs.ts';
import { type Example, extractExamples } from '../examples/extract-examples.ts';
import { findProgram } from '../sandbox/find-sandbox.ts';
import type { Bench, Side } from './Bench.ts';
import type { CheckedFile, CheckRun, SkippedCheck } from './CheckReport.ts';

/** A changed file with the examples that are run against it. */
export interface FileTrial {
  readonly name: string;
  readonly path: string;
  /** Where its code stood before the change; null for new code. */
  readonly formerPath: string | null;
  readonly folder: string;
  readonly language: ExampleLanguage;
  readonly examples: readonly FileExample[];
}

interface FileExample extends Example {
  /** Of the task, or of the file's own docstrings and comments; then `line` counts in the file, else it is the function's. */
  readonly origin: 'task' | 'file';
}

/** For all examples of one file. */
const timeMs = 10_000;
const mostFiles = 20;

/** The changed files in Python, JavaScript and TypeScript that define functions of which the task, or their own docstrings, give examples. */
export function fileTrials(
  task: string,
  folder: string,
  changes: readonly CheckedFile[],
): readonly FileTrial[] {
  const trials = changes.flatMap(({ path, content }): FileTrial[] => {
    const language = /\.d\.[cm]?ts$/.test(path) ? undefined : exampleLanguage(extname(path).slice(1));
    if (language === undefined || content === null) return [];
    const code = content.toString();
    const functions = definedFunctions(code, language);
    const only = functions.length === 1 ? functions[0] : undefined;
    const ofFile = extractExamples(commentText(code, language), only).map((each) => ({
      ...each,
      origin: 'file' as const,
    }));
    const ofTask = extractExamples(task, only).map((each) => ({
      ...each,
      origin: 'task' as const,
      line: lineOf(code, each.functionName),
    }));
    const examples = [...ofTask, ...ofFile].filter(({ functionName }) => functions.includes(functionName));
    const name = `examples of ${path}`;
    const formerPath = formerPathOf(path, content, folder, changes);
    return examples.length === 0 ? [] : [{ name, path, formerPath, folder, language, examples }];
  });
  return trials.slice(0, mostFiles);
}

export interface TriedExamples {
  readonly issues: readonly Issue[];
  readonly ran: readonly CheckRun[];
  readonly skipped: readonly SkippedCheck[];
}

/** Runs the examples of changed files against the copy of the workspace that holds the changes, and where one fails, against the one without. */
export async function tryExamples(
  trials: readonly FileTrial[],
  bench: Bench,
  pathVariable: string,
): Promise<TriedExamples> {
  const issues: Issue[] = [];
  const ran: CheckRun[] = [];
  const skipped: SkippedCheck[] = [];
  for (const trial of trials) {
    const python = pythonOf(trial.folder, pathVariable);
    if (trial.language === 'python' && python === undefined) {
      skipped.push({ name: trial.name, why: 'there is no python3 on the PATH' });
      continue;
    }
    if (bench.remainingMs() <= 0) {
      skipped.push({ name: trial.name, why: 'the time for all checks was used up' });
      continue;
    }
    const result = await tryFile(trial, bench, python ?? 'python3');
    ran.push(result.run);
    issues.push(...result.issues);
  }
  return { issues, ran, skipped };
}

async function tryFile(
  trial: FileTrial,
  bench: Bench,
  python: string,
): Promise<{ run: CheckRun; issues: readonly Issue[] }> {
  const startMs = performance.now();
  const after = await outcomesOf(trial, trial.path, 'after', bench, python);
  const failed = trial.examples.flatMap((example, index) => {
    const outcome = after[index];
    return outcome?.type === 'failed' ? [{ example, index, problem: outcome.problem }] : [];
  });
  const issues: Issue[] = [];
  let isFlaky = false;
  if (failed.length > 0) {
    const { formerPath } = trial;
    const former = formerPath === null ? '' : commentsBefore(trial, formerPath);
    const dependsOnBefore = failed.some(({ example }) => mayBeExcused(example, former));
    const [before, again] = await Promise.all([
      formerPath === null || !dependsOnBefore ? [] : outcomesOf(trial, formerPath, 'before', bench, python),
      outcomesOf(trial, trial.path, 'after', bench, python),
    ]);
    for (const { example, index, problem } of failed) {
      isFlaky ||= again[index]?.type !== 'failed';
      if (again[index]?.type !== 'failed') continue;
      const severity = severityOf(example, before[index], former);
      if (severity !== null) issues.push(failedExample(trial.path, example, problem, severity));
    }
  }
  const isFailed = issues.some(({ severity }) => severity === 'error');
  const outcome = isFailed ? 'failed' : failed.length === 0 ? 'passed' : isFlaky ? 'flaky' : 'failed-before';
  const unclear = after.filter(({ type }) => type === 'unclear').length;
  return {
    run: {
      name: trial.name,
      command: `${trial.examples.length} examples`,
      outcome,
      startedAtMs: Math.round(performance.timeOrigin + startMs),
      durationMs: Math.round(performance.now() - startMs),
      ...(unclear > 0 && { note: `${unclear} of ${trial.examples.length} could not be run or compared` }),
    },
    issues,
  };
}

/**
 * What a failing example means. One of a docstring is a statement about the code: it counts unless it was there before and failed. One of the
 * task is a wish: it counts where it does not hold yet. Where it held before and does not any more, it may have been the report of a bug, so it
 * is only noted, unless it says what is to be.
 */
function severityOf(
  example: FileExample,
  before: ExampleOutcome | undefined,
  formerComments: string,
): Issue['severity'] | null {
  if (!mayBeExcused(example, formerComments)) return 'error';
  if (example.origin === 'task') return before?.type === 'held' ? 'warning' : 'error';
  return before?.type === 'failed' ? null : 'error';
}

/** Whether what came of a failing example before the change matters: not of one that says what is to be, nor of a new one. */
function mayBeExcused(example: FileExample, formerComments: string): boolean {
  return example.origin === 'task' ? !example.isDemand : hasExample(formerComments, example);
}

function hasExample(comments: string, { functionName, text }: Example): boolean {
  return extractExamples(comments, functionName).some((each) => each.text === text);
}

function commentsBefore({ folder, language }: FileTrial, formerPath: string): string {
  return commentText(readText(join(folder, formerPath)) ?? '', language);
}

async function outcomesOf(
  { language, examples }: FileTrial,
  path: string,
  side: Side,
  bench: Bench,
  python: string,
): Promise<readonly ExampleOutcome[]> {
  const mark = randomBytes(12).toString('hex');
  const { argv, input } = fileExampleProgram({ file: path, language, python }, examples, mark);
  const outcome = await bench.execute({ argv, input, timeMs, environment: {} }, side);
  if (typeof outcome === 'string') return examples.map(() => ({ type: 'unclear' }));
  return exampleOutcomes(examples, outcome, mark, timeMs);
}

/** The file itself, or for a new one the deleted file that it was. */
function formerPathOf(
  path: string,
  content: Buffer,
  folder: string,
  changes: readonly CheckedFile[],
): string | null {
  if (existsSync(join(folder, path))) return path;
  const deleted = changes.filter(
    (each) =>
      each.content === null && extname(each.path) === extname(path) && existsSync(join(folder, each.path)),
  );
  const same = deleted.find((each) => readText(join(folder, each.path)) === content.toString());
  return (same ?? deleted.find((each) => basename(each.path) === basename(path)))?.path ?? null;
}

function pythonOf(folder: string, pathVariable: string): string | undefined {
  const own = ['.venv/bin/python', 'venv/bin/python'].find((each) => existsSync(join(folder, each)));
  return own ?? (findProgram('python3', pathVariable) === undefined ? undefined : 'python3');
}

function lineOf(code: string, name: string): number {
  const escaped = name.replaceAll('$', '\\$');
  const lines = code.split('\n');
  const at = lines.findIndex((line) =>
    new RegExp(`(?:def|function|const|let|var)\\s+${escaped}(?![\\w$])`).test(line),
  );
  return at + 1;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function failedExample(
  path: string,
  { text, line, origin }: FileExample,
  problem: string,
  severity: Issue['severity'],
): Issue {
  const message =
    origin === 'file'
      ? `The example "${text}" in ${path}, line ${line}, fails: ${problem}.`
      : severity === 'error'
        ? `The example "${text}" of the task fails in ${path}, line ${line}: ${problem}.`
        : `"${text}", as the task says, held before the change of ${path}, and does not now: ${problem}.`;
  return { kind: 'failed-example', severity, message, file: path, ...(line > 0 && { line }) };
}
