import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { UndoOptions } from '../undo/undo-task.ts';

const details = `
Every file is put back to what it was before the task, all of them or none. Refused where one was changed since. A commit that was
made of it stays: git revert takes that back.`;

/** `teelamma undo`: takes back the last task that was applied to a workspace. */
export function registerUndo(program: Command, context: CliContext): void {
  program
    .command('undo')
    .description('take back the last task that was applied to a workspace')
    .argument('[folder]', 'the workspace', '.')
    .option('--list', 'only list what was applied there')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (folder: string, options: UndoOptions) => {
      const { undoTask } = await import('../undo/undo-task.ts');
      await undoTask(context, folder, options);
    });
}
