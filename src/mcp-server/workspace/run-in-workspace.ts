import { AbortedError } from '../../errors.ts';
import type { TaskResult } from '../../task-events.ts';
import type { WorkspaceStage } from '../../workspace/WorkspaceStage.ts';
import { type Application, applyApproved } from './apply-approved.ts';
import type { WorkspacePlace } from './WorkspacePlace.ts';

/** What came of a task in a workspace. */
export interface WorkspaceOutcome {
  readonly folder: string;
  readonly result: TaskResult;
  readonly application: Application;
  /** What became of changes that had been interrupted before, as sentences. */
  readonly recovered: readonly string[];
}

export interface WorkspaceCall {
  readonly task: string;
  readonly folder: string;
  /** Whether what the critic approves is applied. */
  readonly apply: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs a task on the staged files of a folder, and applies what the critic approves where `apply` says so. Until then, and where the signal
 * is aborted, the folder stays as it is.
 * @throws TeelammaError as `executeTask`, and `invalid-argument` where the folder is none
 */
export async function runInWorkspace(
  { task, folder, apply, signal }: WorkspaceCall,
  execute: (workspace: WorkspaceStage) => Promise<TaskResult>,
  { place, nowMs }: { readonly place: WorkspacePlace; readonly nowMs: () => number },
): Promise<WorkspaceOutcome> {
  // Loaded only here: a server that does no such task starts without them.
  const { WorkspaceStage } = await import('../../workspace/WorkspaceStage.ts');
  const { AppliedTasks } = await import('../../workspace/apply/AppliedTasks.ts');
  const { recoveryLine } = await import('../../workspace/apply/recovery-line.ts');
  const stage = WorkspaceStage.open(folder, { closedFolders: [place.home] });
  const tasks = new AppliedTasks({ folder: stage.folder, stateFolder: place.stateFolder }, { nowMs });
  const recovered = (await tasks.recover()).map(recoveryLine);
  const result = await execute(stage);
  if (signal.aborted) throw new AbortedError(signal.reason);
  const application = await applyApproved(apply, task, result, stage, tasks);
  return { folder: stage.folder, result, application, recovered };
}
