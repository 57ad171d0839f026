import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Issue } from '../../agents/verdict.ts';
import { makeScratch, removeScratch } from '../../config/scratch-folder.ts';
import { codeOf, TeelammaError } from '../../errors.ts';
import { maskSecrets } from '../../logging/mask-secrets.ts';
import { findSandbox, type SandboxSearch } from '../sandbox/find-sandbox.ts';
import { Bench, type BenchOptions, type Judged, passed } from './Bench.ts';
import type { CheckedFile, CheckReport, CheckRun, SkippedCheck } from './CheckReport.ts';
import { checksFileName, readChecksFile } from './checks-file.ts';
import { type Detection, detectChecks, inOrder, type ProjectCheck } from './detect-checks.ts';
import { type Failure, failureKey } from './parse-failures.ts';
import { type FileTrial, fileTrials, tryExamples } from './try-examples.ts';

export interface ProjectChecksOptions extends BenchOptions {
  /** `none` runs checks without a sandbox; only a user may ask for it. Default `auto`. */
  readonly sandbox?: 'auto' | 'none';
  /** Shell commands in place of what is found in the project. Default none. */
  readonly commands?: readonly string[];
  /** Whether examples in the task and in changed files are run. Default true. */
  readonly examples?: boolean;
  /** The user's PATH and home. */
  readonly path: string;
  readonly home: string;
}

export interface ProjectChecksPorts {
  /** Whether the user trusts a workspace's own list of commands. Default never. */
  readonly isTrusted?: (trustKey: string) => boolean;
}

/** What checks are run on. */
export interface WorkToCheck {
  /** What the work is for; its examples are run against the changed files. Default nothing. */
  readonly task?: string;
  /** Absolute. It is only read. */
  readonly workspaceFolder: string;
  readonly changes: readonly CheckedFile[];
}

/**
 * Runs a project's own checks on a change: in a copy of the workspace, in a sandbox, and where one fails, on the workspace without the
 * change as well, so that only what is new counts. What could not be run is in `skipped`, with the reason.
 *
 * @example
 * const checks = new ProjectChecks({ path: environment.PATH, home: environment.HOME });
 * const { issues } = await checks.run({ workspaceFolder, changes: [{ path: 'src/add.js', content }] });
 */
export class ProjectChecks {
  readonly #options: ProjectChecksOptions;
  readonly #ports: ProjectChecksPorts;
  /** Outcomes of checks on unchanged workspaces, by content and command: repair rounds ask for the same again and again. */
  readonly #baselines = new Map<string, Judged>();
  #sandbox: Promise<SandboxSearch> | undefined;

  constructor(options: ProjectChecksOptions, ports: ProjectChecksPorts = {}) {
    this.#options = options;
    this.#ports = ports;
  }

  /** The sandbox that is used; looked for once. */
  sandbox(): Promise<SandboxSearch> {
    const { sandbox = 'auto', path, home } = this.#options;
    this.#sandbox ??= findSandbox({ sandbox, path, home });
    return this.#sandbox;
  }

  /** What would be run on a workspace as it is; with changes, also what they bring: a first test, a script. */
  detect(workspaceFolder: string, changes: readonly CheckedFile[] = []): Detection {
    const { commands = [], path, sandbox } = this.#options;
    if (commands.length > 0) return { checks: commands.map(shellCheck), skipped: [] };
    const own = ownChecks(workspaceFolder);
    if (own === null) return detectBoth(workspaceFolder, path, changes);
    const name = checksFileName;
    if (own instanceof TeelammaError || this.#ports.isTrusted?.(own.trustKey) !== true) {
      const found = detectBoth(workspaceFolder, path, changes);
      const why =
        own instanceof TeelammaError
          ? own.message
          : 'it is not trusted, or was changed since; look at it, then: teelamma checks --trust';
      return { checks: found.checks, skipped: [...found.skipped, { name, why }] };
    }
    if (sandbox === 'none') {
      const why = 'commands that a workspace brings along are never run without a sandbox';
      return { checks: [], skipped: [{ name, why }] };
    }
    return { checks: own.commands.map(shellCheck), skipped: [] };
  }

  /**
   * Without changes, everything that fails is an issue.
   * @throws The signal's reason, when it is aborted. Everything else that goes wrong is in the report.
   */
  async run(
    { task = '', workspaceFolder, changes }: WorkToCheck,
    signal?: AbortSignal,
  ): Promise<CheckReport> {
    const folder = realpathSync(workspaceFolder);
    const { checks, skipped } = this.detect(folder, changes);
    const trials = this.#options.examples === false ? [] : fileTrials(task, folder, changes);
    if (checks.length + trials.length === 0) return { issues: [], ran: [], skipped };
    const skipAll = (why: string): CheckReport => ({
      issues: [
        notChecked(`The ${checks.length > 0 ? "project's checks" : 'examples'} were not run: ${why}.`),
      ],
      ran: [],
      skipped: [...skipped, ...[...trials, ...checks].map(({ name }) => ({ name, why }))],
    });
    try {
      const search = await this.sandbox();
      if (!search.found) return skipAll(`there is no sandbox (${search.why}); ${search.howToGetOne}`);
      const scratch = makeScratch('checks');
      try {
        const bench = new Bench(folder, changes, scratch, search, this.#options, signal);
        const copy = await bench.prepare('after');
        if (!copy.copied) return skipAll(copy.why);
        const done = await this.#runAll(checks, trials, bench);
        const issues = [...changedCommands(changes), ...withoutUnreadable(copy.unreadable), ...done.issues];
        return { issues, ran: done.ran, skipped: [...skipped, ...done.skipped] };
      } finally {
        await removeScratch(scratch);
      }
    } catch (error) {
      // A disk that is full, a temporary folder that nobody may write to: the work is there all the same, and is worth more than its checks.
      const code = codeOf(error);
      if (signal?.aborted || error instanceof TeelammaError || code === undefined) throw error;
      return skipAll(`they could not be prepared in ${tmpdir()} (${code})`);
    }
  }

  async #runAll(
    checks: readonly ProjectCheck[],
    trials: readonly FileTrial[],
    bench: Bench,
  ): Promise<CheckReport> {
    const tried = await tryExamples(trials, bench, this.#options.path);
    const ran: CheckRun[] = [...tried.ran];
    const skipped: SkippedCheck[] = [...tried.skipped];
    const issues: Issue[] = [...tried.issues];
    for (const check of checks) {
      if (bench.remainingMs() <= 0) {
        const why = 'the time for all checks was used up';
        skipped.push({ name: check.name, why });
        issues.push(notChecked(`${check.name} was not run: ${why}.`));
        continue;
      }
      const result = await this.#judge(check, bench);
      ran.push(result.run);
      issues.push(...result.issues);
    }
    return { issues, ran, skipped };
  }

  async #judge(check: ProjectCheck, bench: Bench): Promise<{ run: CheckRun; issues: readonly Issue[] }> {
    const command = check.argv.join(' ');
    const startedAtMs = Math.round(performance.timeOrigin + performance.now());
    const after = await bench.run(check, 'after');
    const done = (outcome: CheckRun['outcome'], issues: readonly Issue[], note?: string) => ({
      run: {
        name: check.name,
        command,
        outcome,
        startedAtMs,
        durationMs: after.durationMs,
        ...(note !== undefined && { note }),
      },
      issues,
    });
    if (after.hasPassed) return done('passed', []);

    // With nothing changed there is nothing to compare with.
    const before = bench.hasChanges ? await this.#baseline(check, bench) : passed;
    if (after.stopped !== undefined) {
      if (before.stopped !== undefined)
        return done('failed-before', [], `it passes a limit without the change too: ${after.stopped}`);
      return done(
        'stopped',
        [
          failedCheck(check, {
            message: `${after.stopped}${bench.hasChanges ? '; without the change it does not' : ''}`,
          }),
        ],
        after.stopped,
      );
    }
    if (before.unable !== undefined && after.unable !== undefined)
      return done('failed-before', [], after.unable);
    const fresh = newFailures(before, after);
    if (fresh.length === 0) return done('failed-before', [], 'it fails without the change in the same way');
    const mayBeFlaky = bench.hasChanges && check.kind === 'test' && after.unable === undefined;
    if (mayBeFlaky && bench.remainingMs() > after.durationMs) {
      const again = await bench.run(check, 'after');
      const still = new Set(again.failures.map(failureKey));
      if (again.hasPassed || !fresh.some((failure) => still.has(failureKey(failure)))) {
        return done('flaky', [], 'it failed, and passed when it was run again on the same files');
      }
    }
    const limit = after.toldLimit === undefined ? '' : ` (its output may say that ${after.toldLimit})`;
    const listed = fresh
      .slice(0, mostIssues)
      .map((failure) => failedCheck(check, { ...failure, message: failure.message + limit }));
    const note =
      fresh.length > mostIssues
        ? `${fresh.length} new failures, of which the first ${mostIssues} are shown`
        : undefined;
    return done('failed', listed, note);
  }

  async #baseline(check: ProjectCheck, bench: Bench): Promise<Judged> {
    const copy = await bench.prepare('before');
    const key = `${copy.copied ? copy.contentHash : ''}\0${check.argv.join('\0')}`;
    const known = this.#baselines.get(key);
    if (known !== undefined) return known;
    const judged = await bench.run(check, 'before');
    if (this.#baselines.size >= 100) this.#baselines.clear();
    this.#baselines.set(key, judged);
    return judged;
  }
}

/** More of one check would not help a model to mend them. */
const mostIssues = 10;

/** What the workspace has without a change stays: a change does not get rid of a check by taking away what it was found by. */
function detectBoth(folder: string, path: string, changes: readonly CheckedFile[]): Detection {
  const before = detectChecks(folder, path);
  if (changes.length === 0) return before;
  const after = detectChecks(folder, path, changes);
  const add = <T extends { readonly name: string }>(known: readonly T[], more: readonly T[]) => [
    ...known,
    ...more.filter(({ name }) => known.every((each) => each.name !== name)),
  ];
  return {
    checks: inOrder(add(before.checks, after.checks)),
    skipped: add(before.skipped, after.skipped),
  };
}

/** A list that is not one keeps nobody from working: what is found in the project is run, and the list is named with what is wrong. */
function ownChecks(workspaceFolder: string): ReturnType<typeof readChecksFile> | TeelammaError {
  try {
    return readChecksFile(workspaceFolder);
  } catch (error) {
    if (error instanceof TeelammaError) return error;
    throw error;
  }
}

function shellCheck(command: string): ProjectCheck {
  return { kind: 'test', name: command, argv: ['/bin/sh', '-c', command] };
}

/** Failures of the changed workspace that the unchanged one does not have, or has fewer times. */
function newFailures(before: Judged, after: Judged): readonly Failure[] {
  if (before.hasPassed) return after.failures;
  const known = new Map<string, number>();
  for (const failure of before.failures)
    known.set(failureKey(failure), (known.get(failureKey(failure)) ?? 0) + 1);
  return after.failures.filter((failure) => {
    const key = failureKey(failure);
    const left = known.get(key) ?? 0;
    known.set(key, left - 1);
    return left <= 0;
  });
}

/** A task may change what judges it; that is allowed, and said. */
function changedCommands(changes: readonly CheckedFile[]): readonly Issue[] {
  return changes
    .filter(({ path }) =>
      /^(?:package\.json|Makefile|pytest\.ini|conftest\.py|(?:vitest|jest)\.config\.\w+|teelamma\.checks\.json)$/.test(
        path,
      ),
    )
    .map(({ path }) => ({
      kind: 'failed-check',
      severity: 'warning',
      message: `The change also changes ${path}, which says how the work is checked.`,
      file: path,
    }));
}

function failedCheck({ name }: ProjectCheck, { file, line, test, message }: Failure): Issue {
  const place = file === undefined ? '' : ` at ${file}${line === undefined ? '' : `:${line}`}`;
  return {
    kind: 'failed-check',
    severity: 'error',
    message: `${name} fails${place}${test === undefined ? '' : ` in "${test}"`}: ${maskSecrets(message)}`,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  };
}

function withoutUnreadable(paths: readonly string[]): readonly Issue[] {
  if (paths.length === 0) return [];
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return [
    notChecked(`The checks ran without ${paths.slice(0, 3).join(', ')}${more}, which you may not read.`),
  ];
}

/** That something was not looked at, which nobody is to be left to guess. */
export function notChecked(message: string): Issue {
  return { kind: 'not-checked', severity: 'warning', message };
}
