import type { Issue } from '../../agents/verdict.ts';

/** A file that a task wants to have, as it is to be. */
export interface CheckedFile {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  /** Null where the file is deleted. */
  readonly content: Buffer | null;
}

/** What the project's checks say of a change. */
export interface CheckReport {
  /** New failures, by check; what failed before the change as well is in `ran` alone. */
  readonly issues: readonly Issue[];
  readonly ran: readonly CheckRun[];
  readonly skipped: readonly SkippedCheck[];
}

export interface CheckRun {
  readonly name: string;
  /** As one would type it. */
  readonly command: string;
  /**
   * `failed`: by the change. `failed-before`: it fails without the change in the same way. `flaky`: it failed and passed on the same files.
   * `stopped`: it passed a limit. Only `failed` and `stopped` make errors.
   */
  readonly outcome: 'passed' | 'failed' | 'failed-before' | 'flaky' | 'stopped';
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Where there is more to say than the outcome. */
  readonly note?: string;
}

export interface SkippedCheck {
  readonly name: string;
  readonly why: string;
}
