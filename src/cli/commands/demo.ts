import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

/** `teelamma demo`: a dozen tasks on simulators, until the budget has run out and beyond. */
export function registerDemo(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('run a dozen tasks on simulators: see the budget run out and the work go on; needs no key')
    .option('--json', 'print one JSON document')
    .action(async (options: { readonly json?: boolean }) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo(context, { json: options.json === true });
    });
}
