import type { TaskResult } from '../../task-events.ts';
import type { AppliedTasks } from '../../workspace/apply/AppliedTasks.ts';
import type { GitWorkspace, TaskCommit } from '../../workspace/git/GitWorkspace.ts';
import type { WorkspaceStage } from '../../workspace/WorkspaceStage.ts';
import type { CliContext } from '../CliContext.ts';
import { confirm } from '../confirm.ts';
import { printable } from '../printable.ts';
import type { WorkspacePlan } from './workspace-options.ts';

/** What became of a task's changes. */
export type ApplyReport =
  | { readonly applied: true; readonly commit: TaskCommit | null }
  /** `reason`: a whole sentence that says what to do. `isExpected`: nobody asked for more. */
  | { readonly applied: false; readonly reason: string; readonly isExpected: boolean };

export interface ApplyPorts {
  readonly tasks: AppliedTasks;
  /** The repository, where a commit was asked for. */
  readonly git: GitWorkspace | null;
}

/**
 * Applies what a task has staged, where the critic approves and the user wants it.
 * @throws TeelammaError where it cannot be written, or not committed
 */
export async function applyResult(
  context: CliContext,
  plan: WorkspacePlan,
  task: string,
  result: TaskResult,
  stage: WorkspaceStage,
  { tasks, git }: ApplyPorts,
): Promise<ApplyReport> {
  const paths = result.files.map(({ path }) => path);
  if (paths.length === 0) return { applied: false, isExpected: true, reason: 'The task changed no file.' };
  if (result.verdict.outcome !== 'approved') {
    return {
      applied: false,
      isExpected: false,
      reason: 'Nothing was applied, since the critic does not approve it. The diff above shows the work.',
    };
  }
  if (plan.mode === 'show')
    return { applied: false, isExpected: true, reason: 'Nothing was applied (--dry-run).' };
  const { isTerminal } = context;
  if (plan.mode === 'ask' && !(plan.isDiffSeen && isTerminal.stdin && isTerminal.stderr)) {
    const reason =
      'Nothing was applied: nobody could be asked. Add --apply to apply what the critic approves, or give the diff to git apply.';
    return { applied: false, isExpected: false, reason };
  }
  const dirty = (await git?.dirtyFiles(paths)) ?? [];
  if (dirty.length > 0) {
    const reason = `Nothing was applied: a commit would take your own uncommitted changes of ${dirty.join(', ')} along. Commit or stash them first, or leave --commit out; git apply takes the diff above.`;
    return { applied: false, isExpected: false, reason };
  }
  if (plan.mode === 'ask' && !(await confirm(context, question(paths.length, plan)))) {
    return { applied: false, isExpected: false, reason: 'Nothing was applied.' };
  }
  const outcome = await tasks.apply(stage.changes(), { taskId: result.taskId, task });
  if (!outcome.done) {
    const reason = `Nothing was applied: ${outcome.changedFiles.join(', ')} changed while the task ran. Run it again, or merge the diff above with git apply --3way.`;
    return { applied: false, isExpected: false, reason };
  }
  const commit = (await git?.commit(paths, commitMessage(task, result))) ?? null;
  return { applied: true, commit };
}

function question(count: number, { commits, branch }: WorkspacePlan): string {
  const what = count === 1 ? 'this change' : `these changes to ${count} files`;
  const commit = branch === undefined ? ' and commit' : ` and commit to the new branch ${branch}`;
  return `Apply ${what}${commits ? commit : ''}? [y/N] `;
}

const longestSubject = 72;

/** The task's first line as the subject, what was done below it; git takes no NUL, and nobody wants what steers a terminal. */
function commitMessage(task: string, { output, taskId, agent, model }: TaskResult): string {
  const first = printable(task).trim().split('\n')[0] ?? '';
  const subject = first.length > longestSubject ? `${first.slice(0, longestSubject - 3)}...` : first;
  return `${subject}\n\n${printable(output).trim()}\n\nTeelamma-Task: ${taskId}\nTeelamma-Agent: ${agent} (${model})\n`;
}
