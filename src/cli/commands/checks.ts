import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { ChecksOptions } from '../checks/show-checks.ts';

const details = `
A project's checks (npm scripts, tsc, vitest, jest, node --test, pytest, cargo, go, mvn, make) judge what a task changes. They run in
a copy of the workspace, in a sandbox: without network, home or secrets, and within limits.`;

/** `teelamma checks`: what a project is checked with. */
export function registerChecks(program: Command, context: CliContext): void {
  program
    .command('checks')
    .description("show a project's checks and the sandbox that they run in")
    .argument('[folder]', 'the workspace', '.')
    .option('--run', 'run them on the workspace as it is')
    .option('--trust', "trust the commands in the workspace's teelamma.checks.json, as they stand now")
    .option('--no-trust', 'trust them no more')
    .option('--no-sandbox', 'run without a sandbox, as you, with your files and network')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (folder: string, options: ChecksOptions) => {
      const { showChecks } = await import('../checks/show-checks.ts');
      await showChecks(context, folder, options);
    });
}
