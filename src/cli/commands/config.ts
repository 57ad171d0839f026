import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

/** `teelamma config`: settings, where each comes from, and changes to config.json. */
export function registerConfig(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('list settings and where they come from; get, set and unset them')
    .option('--json', 'print one JSON document')
    .action(async (_options: unknown, command: Command) => {
      const { listConfig } = await import('../config/list-config.ts');
      listConfig(context, isJson(command));
    });
  config
    .command('list')
    .description('list settings (the same as `teelamma config`)')
    .option('--json', 'print one JSON document')
    .action(async (_options: unknown, command: Command) => {
      const { listConfig } = await import('../config/list-config.ts');
      listConfig(context, isJson(command));
    });
  config
    .command('get')
    .description('print the value of a setting')
    .argument('<key>', 'such as budget.limit')
    .option('--json', 'print one JSON document')
    .action(async (key: string, _options: unknown, command: Command) => {
      const { getConfig } = await import('../config/list-config.ts');
      getConfig(context, key, isJson(command));
    });
  config
    .command('set')
    .description('write a setting into config.json, checked')
    .argument('<key>', 'such as ollama.model')
    .argument('<value>', 'such as qwen3:8b')
    .option('--json', 'print one JSON document')
    .allowUnknownOption()
    .action(async (key: string, value: string, _options: unknown, command: Command) => {
      const { setConfig } = await import('../config/change-config.ts');
      setConfig(context, key, value, isJson(command));
    });
  config
    .command('unset')
    .description('take a setting out of config.json')
    .argument('<key>', 'such as ollama.model')
    .option('--json', 'print one JSON document')
    .action(async (key: string, _options: unknown, command: Command) => {
      const { unsetConfig } = await import('../config/change-config.ts');
      unsetConfig(context, key, isJson(command));
    });
  config
    .command('path')
    .description('print where config.json is')
    .option('--json', 'print one JSON document')
    .action(async (_options: unknown, command: Command) => {
      const { showConfigPath } = await import('../config/list-config.ts');
      showConfigPath(context, isJson(command));
    });
}

/** `--json` may stand before or after the subcommand's name. */
function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ readonly json?: boolean }>().json === true;
}
