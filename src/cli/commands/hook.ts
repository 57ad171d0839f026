import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

const details = `
Claude Code runs it and gives it JSON on stdin; see docs/claude-code.md. It prints a warning as JSON where a budget has
reached a threshold that this session was not told of yet, else nothing. Its exit code is always 0.`;

/** `teelamma hook`: what Claude Code runs when a session starts, a prompt is sent, and a turn ends. */
export function registerHook(program: Command, context: CliContext): void {
  program
    .command('hook')
    .description("warn at a budget's thresholds inside Claude Code, as its hook")
    .addHelpText('after', details)
    .action(async () => {
      const { runHook } = await import('../hook/run-hook.ts');
      await runHook(context);
    });
}
