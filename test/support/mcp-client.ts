import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Environment } from '../../src/index.ts';

/** `modern`: revision 2026-07-28 by `server/discover`; `legacy`: 2025-11-25 by `initialize`. */
export type Era = 'modern' | 'legacy';

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;

export interface ClientOptions {
  /** URIs that the client names as its roots. Default: it says nothing of roots. */
  readonly roots?: readonly string[];
}

function newClient(era: Era, { roots }: ClientOptions): Client {
  const options = {
    ...(era === 'modern' && { versionNegotiation: { mode: { pin: '2026-07-28' } as const } }),
    ...(roots && { capabilities: { roots: {} } }),
  };
  const client = new Client({ name: 'test', version: '1.0.0' }, options);
  if (roots) client.setRequestHandler('roots/list', () => ({ roots: roots.map((uri) => ({ uri })) }));
  return client;
}

export interface StdioServer extends AsyncDisposable {
  readonly client: Client;
  readonly transport: StdioClientTransport;
  readonly pid: number;
  /** Everything that the server wrote to stderr. */
  stderr(): string;
}

/** Starts `teelamma mcp` in a process of its own and connects to it. */
export async function startStdioServer(
  environment: Environment,
  era: Era = 'modern',
  options: ClientOptions & { readonly cwd?: string } = {},
): Promise<StdioServer> {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'mcp'],
    env: Object.fromEntries(given),
    stderr: 'pipe',
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  let written = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const client = newClient(era, options);
  await client.connect(transport);
  return {
    client,
    transport,
    pid: transport.pid ?? 0,
    stderr: () => written,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

export interface HttpClient extends AsyncDisposable {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}

/** Connects to a server over Streamable HTTP. */
export async function connectHttp(
  url: string,
  era: Era = 'modern',
  options: ClientOptions & { readonly token?: string } = {},
): Promise<HttpClient> {
  const { token } = options;
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    ...(headers && { requestInit: { headers } }),
  });
  const client = newClient(era, options);
  await client.connect(transport);
  return { client, transport, [Symbol.asyncDispose]: () => client.close() };
}
