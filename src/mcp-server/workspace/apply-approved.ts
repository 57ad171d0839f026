import { TeelammaError } from '../../errors.ts';
import type { TaskResult } from '../../task-events.ts';
import type { AppliedTasks } from '../../workspace/apply/AppliedTasks.ts';
import type { WorkspaceStage } from '../../workspace/WorkspaceStage.ts';

/** What became of a task's changes; `whyNot` is a whole sentence. */
export type Application = { readonly applied: true } | { readonly applied: false; readonly whyNot: string };

/** Applies what a task has staged, where that was asked for and the critic approves. The answer is worth more than a failure, so that is a value. */
export async function applyApproved(
  isWanted: boolean,
  task: string,
  { taskId, verdict, files }: TaskResult,
  stage: WorkspaceStage,
  tasks: AppliedTasks,
): Promise<Application> {
  const not = (whyNot: string): Application => ({ applied: false, whyNot });
  if (files.length === 0) return not('The task changed no file.');
  if (verdict.outcome !== 'approved')
    return not('Nothing was applied, since the critic does not approve it.');
  if (!isWanted) {
    return not(
      'Nothing was applied, since `apply` was not true. Run `git apply` with fullDiffFile in the workspace to apply it.',
    );
  }
  try {
    const outcome = await tasks.apply(stage.changes(), { taskId, task });
    if (outcome.done) return { applied: true };
    const changed = outcome.changedFiles.join(', ');
    return not(
      `Nothing was applied, since ${changed} changed while the task ran. Merge fullDiffFile with \`git apply --3way\`, or call again.`,
    );
  } catch (error) {
    if (!(error instanceof TeelammaError)) throw error;
    return not(error.message);
  }
}
