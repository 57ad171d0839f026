import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { InitOptions } from '../init/init.ts';

const details = `
Sets up the MCP server, the status line and the hook: in .mcp.json and .claude/settings.local.json of this folder, or
with --user for every project of yours. It shows the change of each file first, and asks; everything else in the files
stays as it is. Then it prints what other clients need. --undo takes back exactly what was done, also when the files
were edited since.

Examples:
  $ teelamma init
  $ teelamma init --user --plugin
  $ teelamma init --only status-line --replace-status-line
  $ teelamma init --gateway
  $ teelamma init --undo`;

/** `teelamma init`: sets Claude Code up, and says how other clients are. */
export function registerInit(program: Command, context: CliContext): void {
  program
    .command('init')
    .description(
      'set up Claude Code (MCP server, status line, hook), and show how other MCP clients are set up',
    )
    .option('--user', 'for every project of yours, not for this folder')
    .option('--plugin', 'let the plugin bring server, hook and slash commands')
    .option('--gateway [url]', 'have Claude Code go through the gateway (default: the configured one)')
    .option('--only <parts>', 'only these of server, status-line, hook')
    .option('--replace-status-line', 'put ours in the place of another status line')
    .option('--undo', 'take back what was set up')
    .option('--remove', 'the same')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (options: InitOptions) => {
      const { init } = await import('../init/init.ts');
      await init(context, options);
    });
}
