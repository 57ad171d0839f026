import type { Command } from 'commander';
import { agentOption } from '../agent-option.ts';
import type { CliContext } from '../CliContext.ts';
import { reviewerOption } from '../reviewer-option.ts';
import type { RunOptions } from '../run/run-task.ts';
import { strategyOption } from '../strategy-option.ts';

const details = `
The answer goes to stdout, everything else to stderr. Where stdout is a terminal the answer is shown as it comes;
else it is written once, when it is final.

With --workspace the diff follows the answer on stdout, and git apply takes it. Nothing is applied unless the critic approves;
then all files are or none, and \`teelamma undo\` takes it back.`;

/** `teelamma run`: does a task under the budget. */
export function registerRun(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('do a task: Claude while the budget lasts, else Ollama')
    .argument('[task...]', 'the task; - or nothing reads it from stdin')
    .option('-f, --file <file>', 'read the task from a file')
    .addOption(agentOption('force a specialist instead of letting the task and the budget decide'))
    .option(
      '-w, --workspace <folder>',
      'let it read and change the files of this folder; shows the diff, and applies it on a yes',
    )
    .option('--apply', 'with --workspace: apply what the critic approves, without asking')
    .option('--dry-run', 'with --workspace: only show the diff')
    .option('--commit', 'with --workspace: commit what is applied, these files and nothing else')
    .option('--branch <name>', 'as --commit, on a new branch')
    .addOption(strategyOption())
    .addOption(reviewerOption())
    .option('--max-tokens <count>', 'most output tokens of one model call')
    .option('--simulate', 'use simulated models: no key, no Ollama, no budget is touched')
    .option('-q, --quiet', 'only the answer, warnings and errors')
    .option('--json', 'print one JSON document, when the task is done')
    .addHelpText('after', details)
    .action(async (words: string[], options: RunOptions) => {
      const { runTask } = await import('../run/run-task.ts');
      await runTask(context, words, options);
    });
}
