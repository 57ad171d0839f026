import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { ServeOptions } from '../serve/serve-gateway.ts';

const details = `
Point a client at it: ANTHROPIC_BASE_URL=http://127.0.0.1:7434 claude
Your client's own key goes on to Claude and is not stored. Listening on anything but loopback needs a key of the
gateway (\`teelamma keys add\`). docs/gateway.md has the rest.`;

/** `teelamma serve`: the Anthropic-compatible gateway. */
export function registerServe(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('serve Claude Code and other Anthropic clients under the budget')
    .option('--host <address>', 'address to listen on (default: gateway.host)')
    .option('--port <port>', 'port to listen on; 0 for any free one (default: gateway.port)')
    .option('--explain', 'print each decision')
    .option('--simulate', 'use simulated models: no key, no Ollama, no budget is touched')
    .addHelpText('after', details)
    .action(async (options: ServeOptions) => {
      const { serveGateway } = await import('../serve/serve-gateway.ts');
      await serveGateway(context, options);
    });
}
