import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

/** `teelamma statusline`: the line that Claude Code shows under its prompt. */
export function registerStatusline(program: Command, context: CliContext): void {
  program
    .command('statusline')
    .description("print one line for Claude Code's status line, from the JSON that it gives on stdin")
    .action(async () => {
      const { showStatusLine } = await import('../statusline/show-status-line.ts');
      await showStatusLine(context, program.opts<{ readonly color: boolean }>().color);
    });
}
