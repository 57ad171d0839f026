import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

/** `teelamma doctor`: what is set up, what is not, and how to mend it. */
export function registerDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description(
      'check Node, key, Claude, Ollama, ledger, budget and files; each with its fix; spends no token',
    )
    .option('--offline', 'ask nobody beyond this machine')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExit codes: 0 usable; 2 the configuration is not valid; 3 neither Claude nor Ollama is usable; 5 the ledger is not.',
    )
    .action(async (options: { readonly offline?: boolean; readonly json?: boolean }) => {
      const { runDoctor } = await import('../doctor/run-doctor.ts');
      await runDoctor(context, { offline: options.offline === true, json: options.json === true });
    });
}
