import { lstatSync, realpathSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Issue } from '../../agents/verdict.ts';
import { findSandbox, type SandboxSearch } from '../sandbox/find-sandbox.ts';
import { type CommandOutcome, defaultLimits, type Limits } from '../sandbox/Sandbox.ts';
import type { CheckedFile, CheckReport, CheckRun, SkippedCheck } from './CheckReport.ts';
import { readChecksFile } from './checks-file.ts';
import { detectChecks, type ProjectCheck } from './detect-checks.ts';
import { type Failure, failureKey, parseFailures } from './parse-failures.ts';
import { copyWorkspace, removeScratch } from './workspace-copy.ts';

export interface ProjectChecksOptions {
  /** `none` runs checks without a sandbox; only a user may ask for it. Default `auto`. */
  readonly sandbox?: 'auto' | 'none';
  /** Shell commands in place of what is found in the project. Default none. */
  readonly commands?: readonly string[];
  /** Of one check. Default `defaultLimits`. */
  readonly limits?: Partial<Limits>;
  /** Of all checks of one run together, their runs before the change included. Default 10 min. */
  readonly totalTimeMs?: number;
  /** Larger workspaces are not checked. Default 30,000 files, 500 MiB. */
  readonly mostFiles?: number;
  readonly mostBytes?: number;
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

  /** What would be run on a workspace as it is. */
  detect(workspaceFolder: string): {
    readonly checks: readonly ProjectCheck[];
    readonly skipped: readonly SkippedCheck[];
  } {
    const { commands = [], path, sandbox } = this.#options;
    if (commands.length > 0) return { checks: commands.map(shellCheck), skipped: [] };
    const own = readChecksFile(workspaceFolder);
    if (own === null) return detectChecks(workspaceFolder, path);
    if (this.#ports.isTrusted?.(own.trustKey) !== true) {
      const found = detectChecks(workspaceFolder, path);
      const why = 'it is not trusted, or was changed since; look at it, then: teelamma checks --trust';
      return { checks: found.checks, skipped: [...found.skipped, { name: 'teelamma.checks.json', why }] };
    }
    if (sandbox === 'none') {
      const why = 'commands that a workspace brings along are never run without a sandbox';
      return { checks: [], skipped: [{ name: 'teelamma.checks.json', why }] };
    }
    return { checks: own.commands.map(shellCheck), skipped: [] };
  }

  /**
   * Without changes, everything that fails is an issue.
   * @throws The signal's reason, when it is aborted. Everything else that goes wrong is in the report.
   */
  async run({ workspaceFolder, changes }: WorkToCheck, signal?: AbortSignal): Promise<CheckReport> {
    const folder = realpathSync(workspaceFolder);
    const { checks, skipped } = this.detect(folder);
    if (checks.length === 0) return { issues: [], ran: [], skipped };
    const skipAll = (why: string): CheckReport => ({
      issues: [notChecked(`The project's checks were not run: ${why}.`)],
      ran: [],
      skipped: [...skipped, ...checks.map(({ name }) => ({ name, why }))],
    });
    const search = await this.sandbox();
    if (!search.found) return skipAll(`there is no sandbox (${search.why}); ${search.howToGetOne}`);

    const scratch = await mkdtemp(join(tmpdir(), 'teelamma-checks-'));
    try {
      const bench = new Bench(folder, changes, scratch, search, this.#options, signal);
      const copy = await bench.prepare('after');
      if (!copy.copied) return skipAll(copy.why);
      const ran: CheckRun[] = [];
      const leftOut: SkippedCheck[] = [...skipped];
      const issues: Issue[] = [...changedCommands(changes)];
      for (const check of checks) {
        if (bench.remainingMs() <= 0) {
          const why = 'the time for all checks was used up';
          leftOut.push({ name: check.name, why });
          issues.push(notChecked(`${check.name} was not run: ${why}.`));
          continue;
        }
        const result = await this.#judge(check, bench);
        ran.push(result.run);
        issues.push(...result.issues);
      }
      return { issues, ran, skipped: leftOut };
    } finally {
      await removeScratch(scratch);
    }
  }

  async #judge(check: ProjectCheck, bench: Bench): Promise<{ run: CheckRun; issues: readonly Issue[] }> {
    const command = check.argv.join(' ');
    const after = await bench.run(check, 'after');
    const done = (outcome: CheckRun['outcome'], issues: readonly Issue[], note?: string) => ({
      run: {
        name: check.name,
        command,
        outcome,
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
    const fresh = newFailures(before, after);
    if (fresh.length === 0) return done('failed-before', [], 'it fails without the change in the same way');
    if (bench.hasChanges && check.kind === 'test' && bench.remainingMs() > after.durationMs) {
      const again = await bench.run(check, 'after');
      const still = new Set(again.failures.map(failureKey));
      if (again.hasPassed || !fresh.some((failure) => still.has(failureKey(failure)))) {
        return done('flaky', [], 'it failed, and passed when it was run again on the same files');
      }
    }
    const listed = fresh.slice(0, mostIssues).map((failure) => failedCheck(check, failure));
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

function shellCheck(command: string): ProjectCheck {
  return { kind: 'test', name: command, argv: ['/bin/sh', '-c', command] };
}

/** How a check ended, read. */
interface Judged {
  readonly hasPassed: boolean;
  readonly durationMs: number;
  /** The limit that it passed. */
  readonly stopped: string | undefined;
  /** At least one where it failed. */
  readonly failures: readonly Failure[];
}

const passed: Judged = { hasPassed: true, durationMs: 0, stopped: undefined, failures: [] };

type Side = 'before' | 'after';

/** The two copies of a workspace and what runs in them, for the time of one run. */
class Bench {
  private readonly folder: string;
  private readonly changes: readonly CheckedFile[];
  private readonly scratch: string;
  private readonly found: SandboxSearch & { readonly found: true };
  private readonly options: ProjectChecksOptions;
  private readonly signal: AbortSignal | undefined;
  private readonly copies = new Map<Side, ReturnType<typeof copyWorkspace>>();
  private readonly deadlineMs: number;
  private homes = 0;

  constructor(
    folder: string,
    changes: readonly CheckedFile[],
    scratch: string,
    found: SandboxSearch & { readonly found: true },
    options: ProjectChecksOptions,
    signal: AbortSignal | undefined,
  ) {
    this.folder = folder;
    this.changes = changes;
    this.scratch = scratch;
    this.found = found;
    this.options = options;
    this.signal = signal;
    this.deadlineMs = performance.now() + (options.totalTimeMs ?? 600_000);
  }

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  remainingMs(): number {
    return this.deadlineMs - performance.now();
  }

  prepare(side: Side): ReturnType<typeof copyWorkspace> {
    const made = this.copies.get(side);
    if (made !== undefined) return made;
    const copy = copyWorkspace({
      workspaceFolder: this.folder,
      into: join(this.scratch, side),
      changes: side === 'after' ? this.changes : [],
      ownerId: this.found.mode === 'other-user' ? this.found.userId : undefined,
      mostFiles: this.options.mostFiles ?? 30_000,
      mostBytes: this.options.mostBytes ?? 500 * 1024 ** 2,
      signal: this.signal,
    });
    this.copies.set(side, copy);
    return copy;
  }

  async run(check: ProjectCheck, side: Side): Promise<Judged> {
    const copy = await this.prepare(side);
    if (!copy.copied)
      return { hasPassed: false, durationMs: 0, stopped: undefined, failures: [{ message: copy.why }] };
    const limits = { ...defaultLimits, ...this.options.limits };
    this.homes += 1;
    const outcome = await this.found.sandbox.run(
      {
        argv: check.argv,
        folder: this.folder,
        mounts: copy.mounts,
        homeFolder: join(this.scratch, `home-${this.homes}`),
        environment: quietTools,
        limits: { ...limits, timeMs: Math.max(1_000, Math.min(limits.timeMs, this.remainingMs())) },
      },
      this.signal,
    );
    return this.read(outcome, join(this.scratch, side), limits);
  }

  private read(outcome: CommandOutcome, copyFolder: string, limits: Limits): Judged {
    const { end, output, durationMs } = outcome;
    const judged = { hasPassed: false, durationMs, stopped: undefined, failures: [] };
    if (end.type === 'exited' && end.exitCode === 0) return { ...judged, hasPassed: true };
    if (end.type === 'stopped') return { ...judged, stopped: end.message };
    if (end.type === 'not-started')
      return { ...judged, failures: [{ message: `it could not be started: ${end.message}` }] };
    const limit = limitInOutput(output, limits);
    if (limit !== undefined) return { ...judged, stopped: limit };
    const seen = this.found.mode === 'none' ? copyFolder : this.folder;
    const failures = parseFailures(output, seen, (path) => isFile(join(copyFolder, path)));
    const how = end.type === 'exited' ? `exit code ${end.exitCode}` : end.signal;
    const last = output.trim().split('\n').slice(-15).join('\n').slice(-800);
    return { ...judged, failures: failures.length > 0 ? failures : [{ message: `${how}\n${last}`.trim() }] };
  }
}

/** Keeps tools from asking the network, from colours, and from watching for changes. */
const quietTools = {
  CI: '1',
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  npm_config_update_notifier: 'false',
  npm_config_offline: 'true',
  npm_config_fund: 'false',
  PYTHONDONTWRITEBYTECODE: '1',
  CARGO_TERM_COLOR: 'never',
  CARGO_NET_OFFLINE: 'true',
};

/** A limit that the kernel keeps shows only in what the program says when it meets it. */
function limitInOutput(output: string, limits: Limits): string | undefined {
  if (
    /Cannot fork|fork: (?:retry: )?Resource temporarily unavailable|can't start new thread|spawn \S+ EAGAIN|pthread_create: Resource temporarily/.test(
      output,
    )
  ) {
    return `it met the limit of ${limits.processes} processes`;
  }
  if (
    /JavaScript heap out of memory|^MemoryError\b|Cannot allocate memory|memory allocation of \d+ bytes failed|std::bad_alloc|OutOfMemoryError|Array buffer allocation failed/m.test(
      output,
    )
  ) {
    return `it met the limit of ${Math.round(limits.memoryBytes / 1024 ** 2)} MiB of memory`;
  }
  if (/File size limit exceeded|File too large|\bEFBIG\b/.test(output)) {
    return `it met the limit of ${Math.round(limits.fileBytes / 1024 ** 2)} MiB for one file`;
  }
  return undefined;
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
    message: `${name} fails${place}${test === undefined ? '' : ` in "${test}"`}: ${message}`,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  };
}

function notChecked(message: string): Issue {
  return { kind: 'not-checked', severity: 'warning', message };
}

function isFile(path: string): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}
