import { once } from 'node:events';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeNote } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { claimStdout } from './claim-stdout.ts';

export interface ServeMcpOptions {
  readonly http?: boolean;
  readonly host: string;
  readonly port: string;
  readonly allowHost?: readonly string[];
  readonly simulate?: boolean;
}

/** Serves MCP clients until the client has gone or a signal comes; running tasks settle what they spent before it ends. */
export async function serveMcp(context: CliContext, options: ServeMcpOptions): Promise<void> {
  const port = parseWholeNumber('--port', options.port, 0, 65_535);
  const { signal } = context;
  const note = (message: string) => writeNote(context, `teelamma mcp: ${message}`);
  // Before anything is loaded, so that nothing can write to stdout but the protocol.
  using stdout = options.http ? null : claimStdout(context);
  const { createApp } = await import('../../app.ts');
  const { createMcpPorts } = await import('../../mcp-server/create-ports.ts');
  await using app = await createApp({
    door: 'mcp',
    environment: context.environment,
    simulate: options.simulate === true,
    telemetry: 'variables',
    onWarning: note,
  });
  if (options.simulate) note('SIMULATED: answers come from a simulator; your budget is not touched');
  const ports = createMcpPorts(app);
  if (stdout) {
    const { serveMcpStdio } = await import('../../mcp-server/serve-stdio.ts');
    const { stdin } = context;
    await serveMcpStdio({ stdin, stdout: stdout.stream, signal, onProblem: note }, ports);
  } else {
    const { serveMcpHttp } = await import('../../mcp-server/serve-http.ts');
    const { host, allowHost: allowedHosts = [] } = options;
    const token = context.environment['TEELAMMA_MCP_TOKEN'] || undefined;
    await using server = await serveMcpHttp({ host, port, token, allowedHosts, onProblem: note }, ports);
    note(`listening on ${server.url}`);
    if (!signal.aborted) await once(signal, 'abort');
  }
  // A signal is the ordinary way to end a server.
  context.setExitCode(exitCodes.ok);
}
