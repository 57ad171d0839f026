import { setTimeout as delay } from 'node:timers/promises';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isJsonContentType,
  isLegacyRequest,
  type McpServer,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import { TeelammaError } from '../../errors.ts';
import { LegacySessions, type LegacySessionsOptions } from './LegacySessions.ts';
import { listen } from './listen.ts';
import { isLoopback, requestGuard } from './request-guard.ts';

/** A task has at most 1 MB; escaped as JSON it may be six times that. */
const maxBodyBytes = 10_000_000;
/** A token that can be guessed is none. */
const shortestToken = 16;

export interface ServeHttpOptions {
  /** Address to listen on. Anything but loopback needs a token. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Asked of every request, where given; at least 16 characters. */
  readonly token?: string | undefined;
  /** Further names under which clients reach the server, beside its own addresses. */
  readonly allowedHosts?: readonly string[];
  readonly sessions?: LegacySessionsOptions;
  /** Told of what went wrong beside any call. */
  readonly onProblem: (message: string) => void;
}

export interface McpHttpServer extends AsyncDisposable {
  /** What clients are given, with its path `/mcp`. */
  readonly url: string;
  readonly port: number;
  /** Stops running calls, which are answered with an error and settle what they spent, then every connection. */
  close(): Promise<void>;
}

export interface StartHttpPorts {
  /** One for each session, and for each request of the later revisions. */
  readonly newServer: () => McpServer;
  /** Where `subscriptions/listen` gets its events from. */
  readonly events: ServerEventBus;
  /** Ends the calls that run, before their connections go. */
  readonly stopCalls: () => Promise<void>;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/**
 * Starts a server of the Streamable HTTP transport at `/mcp`, whatever its tools are: at revision 2026-07-28 each request by itself, at
 * older ones in sessions.
 * @throws TeelammaError `invalid-argument` where it would listen beyond loopback without a token; `port-taken`
 */
export async function startHttp(options: ServeHttpOptions, ports: StartHttpPorts): Promise<McpHttpServer> {
  checkToken(options);
  const { host, token, allowedHosts = [], onProblem } = options;
  const onerror = (error: Error) => onProblem(error.message);
  const modern = createMcpHandler(ports.newServer, {
    legacy: 'reject',
    bus: ports.events,
    maxRequestBodySize: maxBodyBytes,
    onerror,
  });
  const sessions = new LegacySessions(options.sessions ?? {}, ports);
  const handle = toNodeHandler(
    { fetch: (request) => answer(request, sessions, modern.fetch) },
    { maxRequestBodySize: maxBodyBytes, onerror },
  );
  const mayPass = requestGuard({ host, allowedHosts, token });

  const { server, port } = await listen(host, options.port, (request, response) => {
    if (!mayPass(request, response)) return;
    if (request.url?.split('?')[0] !== '/mcp') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The MCP server is at /mcp\n');
      return;
    }
    // Node's own type allows `undefined` where the SDK's wants the field left out.
    void handle(request as NodeIncomingMessageLike, response);
  });
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await ports.stopCalls();
    // A moment for the errors of stopped calls to reach their clients.
    await delay(20);
    await sessions.close();
    await modern.close();
    server.closeAllConnections();
    await closed;
  };
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shownHost}:${port}/mcp`, port, close, [Symbol.asyncDispose]: close };
}

type Fetch = (request: Request, options: { readonly parsedBody?: unknown }) => Promise<Response>;

async function answer(request: Request, sessions: LegacySessions, modern: Fetch): Promise<Response> {
  if (request.method !== 'POST') return sessions.handle(request, undefined);
  if (!isJsonContentType(request.headers.get('content-type'))) {
    return refusal(415, -32_000, 'Unsupported media type: the content type must be application/json');
  }
  let parsedBody: unknown;
  try {
    parsedBody = JSON.parse(await request.text());
  } catch {
    return refusal(400, -32_700, 'Parse error: the body is not JSON');
  }
  if (await isLegacyRequest(request, parsedBody)) return sessions.handle(request, parsedBody);
  return modern(request, { parsedBody });
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status });
}

function checkToken({ host, token }: ServeHttpOptions): void {
  if (token === undefined) {
    if (isLoopback(host)) return;
    const message = `Whoever reaches ${host} could spend your tokens, so listening there needs a token: set TEELAMMA_MCP_TOKEN, for instance to the output of \`openssl rand -hex 32\`, and give it to the clients. Or leave --host out to serve this machine only.`;
    throw new TeelammaError('invalid-argument', message);
  }
  if (token.length < shortestToken) {
    const message = `TEELAMMA_MCP_TOKEN has ${token.length} characters, so it could be guessed; it needs at least ${shortestToken}. Use the output of \`openssl rand -hex 32\`.`;
    throw new TeelammaError('invalid-argument', message);
  }
}
