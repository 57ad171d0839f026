import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { ServeMcpOptions } from '../mcp/serve-mcp.ts';

const details = `
Without --http it speaks over stdin and stdout, as MCP clients start it; \`teelamma init\` sets Claude Code up.
With --http many clients share one server at http://<host>:<port>/mcp. Listening on anything but loopback needs
a token in TEELAMMA_MCP_TOKEN, which clients send as "Authorization: Bearer <token>". docs/mcp.md has the rest.`;

/** `teelamma mcp`: serves the pipeline as an MCP server. */
export function registerMcp(program: Command, context: CliContext): void {
  program
    .command('mcp')
    .description('serve MCP clients, such as Claude Code: run_task under the budget')
    .option('--http', 'serve Streamable HTTP instead of stdin and stdout')
    .option('--host <address>', 'address to listen on, with --http', '127.0.0.1')
    .option('--port <port>', 'port to listen on, with --http; 0 for any free one', '7433')
    .option('--allow-host <names...>', 'further names under which clients reach the server, with --http')
    .option('--simulate', 'use simulated models: no key, no Ollama, no budget is touched')
    .addHelpText('after', details)
    .action(async (options: ServeMcpOptions) => {
      const { serveMcp } = await import('../mcp/serve-mcp.ts');
      await serveMcp(context, options);
    });
}
