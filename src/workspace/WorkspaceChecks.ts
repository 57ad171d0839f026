import type { Issue } from '../agents/verdict.ts';
import type { CheckRun } from './checks/CheckReport.ts';
import type { FileChange } from './FileChange.ts';

/** What a project's checks are run on. */
export interface StagedWork {
  /** What the changes are for. */
  readonly task: string;
  /** Absolute, with links resolved. It is only read: checks run in a copy of it with the changes applied. */
  readonly workspaceFolder: string;
  /** Every file that differs from the folder, by path. */
  readonly changes: readonly FileChange[];
  /** Told of each check that was run. */
  readonly onRan?: (run: CheckRun) => void;
}

/** Runs what a project has to judge a change by (compiler, tests). Only what fails because of the change is an issue. */
export interface WorkspaceChecks {
  /**
   * Gives no issue where all is well. What could not be run is a warning.
   * @throws The signal's reason, when it is aborted.
   */
  run(work: StagedWork, signal: AbortSignal): Promise<readonly Issue[]>;
}
