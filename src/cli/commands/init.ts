import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { InitOptions } from '../init/init.ts';

const details = `
Writes the server "teelamma" into .mcp.json of this folder, which Claude Code reads, and leaves everything else in
the file as it is. It shows the change first, and asks. Then it prints what other clients need.`;

/** `teelamma init`: sets Claude Code up, and says how other clients are. */
export function registerInit(program: Command, context: CliContext): void {
  program
    .command('init')
    .description('set up Claude Code in this folder (.mcp.json), and show how other MCP clients are set up')
    .option('--remove', 'take it out again')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (options: InitOptions) => {
      const { init } = await import('../init/init.ts');
      await init(context, options);
    });
}
