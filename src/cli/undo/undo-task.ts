import { loadConfig } from '../../config/load-config.ts';
import { type AppliedTask, AppliedTasks, type Recovery } from '../../workspace/apply/AppliedTasks.ts';
import { recoveryLine } from '../../workspace/apply/recovery-line.ts';
import { WorkspaceStage } from '../../workspace/WorkspaceStage.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatShortMoment } from '../format-time.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';

export interface UndoOptions {
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Takes the last applied task of a workspace back, or lists what was applied. Exit code 7 where there is nothing, or a file was changed since. */
export async function undoTask(context: CliContext, given: string, options: UndoOptions): Promise<void> {
  const { config } = loadConfig(context.environment);
  const { folder } = WorkspaceStage.open(given);
  const tasks = new AppliedTasks({ folder, stateFolder: config.paths.stateFolder }, { nowMs: context.nowMs });
  const recoveries = await tasks.recover();
  for (const recovery of recoveries) writeNote(context, context.errorStyle.yellow(recoveryLine(recovery)));
  if (options.list) await list(context, tasks, folder, options);
  else await undo(context, tasks, folder, options, recoveries);
}

async function list(
  context: CliContext,
  tasks: AppliedTasks,
  folder: string,
  { json }: UndoOptions,
): Promise<void> {
  const applied = await tasks.list();
  if (json) {
    writeJson(context, { folder, tasks: applied });
    return;
  }
  if (applied.length === 0) {
    writeLine(context, `No task was applied to ${folder}.`);
    return;
  }
  for (const task of applied) writeLine(context, lineOf(task, context));
}

async function undo(
  context: CliContext,
  tasks: AppliedTasks,
  folder: string,
  { json }: UndoOptions,
  recoveries: readonly Recovery[],
): Promise<void> {
  // An undo that was interrupted is what the user asks for now; a second one would take back one task more.
  const finished = recoveries.find(({ wasUndo, outcome }) => wasUndo && outcome === 'finished');
  const outcome = finished ? null : await tasks.undo();
  if (outcome?.done === false) {
    const reason = `Nothing was undone: ${outcome.changedFiles.join(', ')} changed since the task was applied. Put back what you want by hand, or with git.`;
    context.setExitCode(exitCodes.notApplied);
    if (json) writeJson(context, { folder, undone: null, reason });
    else writeNote(context, context.errorStyle.yellow(reason));
    return;
  }
  if (outcome === null && !finished) {
    context.setExitCode(exitCodes.notApplied);
    const reason = `There is no task to undo in ${folder}.`;
    if (json) writeJson(context, { folder, undone: null, reason });
    else writeNote(context, reason);
    return;
  }
  if (json) writeJson(context, { folder, undone: outcome?.task ?? finished });
  else if (outcome) writeLine(context, `Undone: ${lineOf({ ...outcome.task, status: 'applied' }, context)}`);
}

function lineOf({ appliedAtMs, status, task, files }: AppliedTask, { timeZone }: CliContext): string {
  const first = (task.trim().split('\n')[0] ?? '').slice(0, 60);
  const names = files.slice(0, 3).map(({ path }) => path);
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  return `${formatShortMoment(appliedAtMs, timeZone)}  ${status === 'undone' ? 'undone ' : ''}"${first}": ${names.join(', ')}${more}`;
}
