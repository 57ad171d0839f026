import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxSearch } from '../sandbox/find-sandbox.ts';
import { type CommandOutcome, defaultLimits, type Limits } from '../sandbox/Sandbox.ts';
import type { CheckedFile } from './CheckReport.ts';
import type { ProjectCheck } from './detect-checks.ts';
import { lackingPackage } from './lacking-package.ts';
import { type Failure, parseFailures } from './parse-failures.ts';
import { withoutValues } from './secret-values.ts';
import { copyWorkspace } from './workspace-copy.ts';

export interface BenchOptions {
  /** Of one check. Default `defaultLimits`. */
  readonly limits?: Partial<Limits>;
  /** Of all that is run together, the runs before the change included. Default 10 min. */
  readonly totalTimeMs?: number;
  /** Larger workspaces are not checked. Default 30,000 files, 500 MiB. */
  readonly mostFiles?: number;
  readonly mostBytes?: number;
}

/** How a check ended, read. */
export interface Judged {
  readonly hasPassed: boolean;
  readonly durationMs: number;
  /** The limit that it passed, and was ended for. */
  readonly stopped: string | undefined;
  /** The limit that its output tells of, beside failures that can be read: it may be why, or be what a test is about. */
  readonly toldLimit: string | undefined;
  /** At least one where it failed. */
  readonly failures: readonly Failure[];
  /** Why it could not even begin, which says nothing about the project; the end of a sentence. */
  readonly unable?: string;
}

export const passed: Judged = {
  hasPassed: true,
  durationMs: 0,
  stopped: undefined,
  toldLimit: undefined,
  failures: [],
};

/** The workspace without the change, or with it. */
export type Side = 'before' | 'after';

export interface BenchCommand extends Pick<ProjectCheck, 'argv'> {
  readonly input?: string;
  /** Default what all checks have. */
  readonly timeMs?: number;
  /** Default what keeps tools quiet; the code of examples may look at these variables, and must find what a user has. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The two copies of a workspace and what runs in them, for the time of one run. */
export class Bench {
  private readonly folder: string;
  private readonly changes: readonly CheckedFile[];
  private readonly scratch: string;
  private readonly found: SandboxSearch & { readonly found: true };
  private readonly options: BenchOptions;
  private readonly signal: AbortSignal | undefined;
  private readonly copies = new Map<Side, ReturnType<typeof copyWorkspace>>();
  private readonly deadlineMs: number;
  private homes = 0;

  constructor(
    folder: string,
    changes: readonly CheckedFile[],
    scratch: string,
    found: SandboxSearch & { readonly found: true },
    options: BenchOptions,
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

  /** Runs a check and reads how it ended. */
  async run({ argv }: Pick<ProjectCheck, 'argv'>, side: Side): Promise<Judged> {
    const outcome = await this.execute({ argv }, side);
    if (typeof outcome === 'string') return { ...passed, hasPassed: false, failures: [{ message: outcome }] };
    return this.read(outcome, join(this.scratch, side), { ...defaultLimits, ...this.options.limits });
  }

  /** Runs a command; why not, where there can be no copy. What it prints goes to models and logs, so no key of the workspace is in it. */
  async execute(
    { argv, input, timeMs, environment = quietTools }: BenchCommand,
    side: Side,
  ): Promise<CommandOutcome | string> {
    const copy = await this.prepare(side);
    if (!copy.copied) return copy.why;
    const limits = { ...defaultLimits, ...this.options.limits };
    const mostMs = Math.min(limits.timeMs, timeMs ?? limits.timeMs, this.remainingMs());
    this.homes += 1;
    const outcome = await this.found.sandbox.run(
      {
        argv,
        folder: this.folder,
        mounts: copy.mounts,
        homeFolder: join(this.scratch, `home-${this.homes}`),
        environment,
        limits: { ...limits, timeMs: Math.max(1_000, mostMs) },
        ...(input !== undefined && { input }),
      },
      this.signal,
    );
    return { ...outcome, output: withoutValues(outcome.output, copy.secrets) };
  }

  private read(outcome: CommandOutcome, copyFolder: string, limits: Limits): Judged {
    const { end, output, durationMs } = outcome;
    const judged = { ...passed, hasPassed: false, durationMs };
    if (end.type === 'exited' && end.exitCode === 0) return { ...judged, hasPassed: true };
    if (end.type === 'stopped') return { ...judged, stopped: end.message };
    if (end.type === 'not-started')
      return { ...judged, failures: [{ message: `it could not be started: ${end.message}` }] };
    const seen = this.found.mode === 'none' ? copyFolder : this.folder;
    const failures = parseFailures(output, seen, (path) => isFile(join(copyFolder, path)));
    const unable = this.whyUnable(output, failures);
    if (unable !== undefined) return { ...judged, unable, failures: [{ message: unable }] };
    const limit = limitInOutput(output, limits);
    if (failures.length > 0) return { ...judged, failures, toldLimit: limit };
    if (limit !== undefined) return { ...judged, stopped: limit };
    const how = end.type === 'exited' ? `exit code ${end.exitCode}` : end.signal;
    const last = output.trim().split('\n').slice(-15).join('\n').slice(-800);
    return { ...judged, failures: [{ message: `${how}\n${last}`.trim() }] };
  }

  /** Failures that can be read speak for themselves, unless they are about nothing else. */
  private whyUnable(output: string, failures: readonly Failure[]): string | undefined {
    const lacking = lackingPackage(output);
    if (lacking === undefined) return undefined;
    if (failures.some(({ message }) => lackingPackage(message) === undefined)) return undefined;
    const { name, cache, download } = lacking;
    const closed = this.found.unreadable.find(({ shownAs }) => shownAs.endsWith(cache))?.source;
    return closed === undefined
      ? `it runs offline, and ${name} was never downloaded; \`${download}\` in the workspace does that`
      : `it cannot read ${closed}: where teelamma runs as root, checks run as another user; chmod -R o+rX ${closed} opens it to them`;
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

function isFile(path: string): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}
