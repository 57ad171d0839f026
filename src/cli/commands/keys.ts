import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { AddKeyOptions } from '../keys/manage-keys.ts';

/** `teelamma keys`: who may use the gateway. */
export function registerKeys(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('make, list and remove keys of the gateway');
  keys
    .command('add')
    .description('make a key; it is shown once, and only its hash is kept')
    .argument('<name>', 'what you call it')
    .option('--user <user>', 'whom its tokens are counted for')
    .option('--project <project>', 'what its tokens are counted for')
    .option('--json', 'print one JSON document')
    .action(async (name: string, options: AddKeyOptions) => {
      const { addKey } = await import('../keys/manage-keys.ts');
      addKey(context, name, options);
    });
  keys
    .command('list')
    .description('list the keys, without themselves')
    .option('--json', 'print one JSON document')
    .action(async (options: { readonly json?: boolean }) => {
      const { listKeys } = await import('../keys/manage-keys.ts');
      listKeys(context, options.json === true);
    });
  keys
    .command('remove')
    .description('remove a key; running gateways refuse it within a second')
    .argument('<name>', 'its name or id')
    .option('--json', 'print one JSON document')
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const { removeKey } = await import('../keys/manage-keys.ts');
      removeKey(context, name, options.json === true);
    });
}
