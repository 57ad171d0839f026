/** Runs a command where it can do no harm: no network, no files but those it is given, and within limits. */
export interface Sandbox {
  /** `none` is no sandbox at all; it is used only where the user asked for it by name. */
  readonly name: 'bubblewrap' | 'none';
  /** For people: what it is, with its version. */
  readonly description: string;
  /**
   * Runs one command to its end; whatever it started in the background ends with it. What a command does wrong is an outcome, never
   * an exception.
   * @throws The signal's reason, when it is aborted; the command is ended first.
   */
  run(command: SandboxedCommand, signal?: AbortSignal): Promise<CommandOutcome>;
}

export interface SandboxedCommand {
  /** Program and arguments; no shell is put between. */
  readonly argv: readonly [string, ...string[]];
  /** Where it starts: a path as the command sees it. */
  readonly folder: string;
  /** What the command may see beside the system and the tools of this machine, in the order in which it is laid over each other. */
  readonly mounts: readonly Mount[];
  /** A folder of this machine that becomes the command's home and temporary folder, empty and writable. */
  readonly homeFolder: string;
  /** Beside PATH, HOME and TMPDIR; nothing is taken over from this process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Given to the command as its input. Default nothing. */
  readonly input?: string;
}

export interface Mount {
  /** A file or folder of this machine. */
  readonly source: string;
  /** Absolute; where the command sees it. */
  readonly target: string;
  readonly access: 'read-only' | 'read-write';
}

/** What one command may use. */
export interface Limits {
  readonly timeMs: number;
  /** Of all its processes together; each alone may not reserve more either. */
  readonly memoryBytes: number;
  /** Processes and threads at a time. */
  readonly processes: number;
  /** Of output, before the command is ended. */
  readonly outputBytes: number;
  /** Of one file that it writes. */
  readonly fileBytes: number;
  /** By which the free space of the disk may shrink while it runs. */
  readonly diskBytes: number;
}

/** Enough for the tests of an ordinary project. */
export const defaultLimits: Limits = {
  timeMs: 120_000,
  memoryBytes: 2 * 1024 ** 3,
  processes: 256,
  outputBytes: 16 * 1024 ** 2,
  fileBytes: 512 * 1024 ** 2,
  diskBytes: 2 * 1024 ** 3,
};

/** How a command ended. */
export interface CommandOutcome {
  readonly end:
    | { readonly type: 'exited'; readonly exitCode: number }
    | { readonly type: 'killed'; readonly signal: string }
    | { readonly type: 'stopped'; readonly by: LimitName; readonly message: string }
    | { readonly type: 'not-started'; readonly message: string };
  /** Both of its outputs as they came; of a long one the beginning and the end. */
  readonly output: string;
  readonly durationMs: number;
}

export type LimitName = 'time' | 'memory' | 'processes' | 'output' | 'disk';
