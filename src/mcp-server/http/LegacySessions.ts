import {
  isInitializeRequest,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

export interface LegacySessionsOptions {
  /** Sessions that are kept; a new one over that ends the one that was used least lately. Default 500. */
  readonly most?: number;
  /** A session without a request or an open stream for so long is ended. Default 2 h, longer than any task. */
  readonly idleMs?: number;
}

export interface LegacySessionsPorts {
  readonly newServer: () => McpServer;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  usedAtMs: number;
  openStreams: number;
}

/**
 * Sessions of clients that speak revision 2025-11-25 or older: each has a server of its own from `initialize` to DELETE. A client that
 * loses its connection does not end its calls, as the specification has it; the end of its session does.
 */
export class LegacySessions {
  private readonly options: Required<LegacySessionsOptions>;
  private readonly ports: LegacySessionsPorts;
  private readonly sessions = new Map<string, Session>();

  constructor(options: LegacySessionsOptions, ports: LegacySessionsPorts) {
    this.options = { most: options.most ?? 500, idleMs: options.idleMs ?? 7_200_000 };
    this.ports = ports;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** Answers one request of the legacy era; `parsedBody` is undefined where there was none. */
  async handle(request: Request, parsedBody: unknown): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) {
      if (isInitializeRequest(parsedBody)) return this.begin(request, parsedBody);
      return refusal(
        400,
        'There is no session: send initialize first, then its Mcp-Session-Id with each request',
      );
    }
    const session = this.sessions.get(id);
    if (!session) return refusal(404, 'This session does not exist or has ended: send initialize again');
    session.usedAtMs = this.ports.nowMs();
    if (request.method === 'GET') {
      session.openStreams += 1;
      request.signal.addEventListener('abort', () => {
        session.openStreams -= 1;
        session.usedAtMs = this.ports.nowMs();
      });
    }
    return session.transport.handleRequest(request, { parsedBody });
  }

  /** Ends every session, and with it the calls that still run. */
  async close(): Promise<void> {
    await Promise.all([...this.sessions.values()].map(({ transport }) => transport.close()));
    this.sessions.clear();
  }

  private async begin(request: Request, parsedBody: unknown): Promise<Response> {
    await this.makeRoom();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: this.ports.newId,
      onsessioninitialized: (id) => {
        this.sessions.set(id, { transport, usedAtMs: this.ports.nowMs(), openStreams: 0 });
      },
      onsessionclosed: (id) => void this.sessions.delete(id),
    });
    await this.ports.newServer().connect(transport);
    return transport.handleRequest(request, { parsedBody });
  }

  private async makeRoom(): Promise<void> {
    const idleSinceMs = this.ports.nowMs() - this.options.idleMs;
    const idle = [...this.sessions].filter(([, { openStreams }]) => openStreams === 0);
    idle.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    for (const [id, session] of idle) {
      if (session.usedAtMs >= idleSinceMs && this.sessions.size < this.options.most) break;
      this.sessions.delete(id);
      await session.transport.close();
    }
  }
}

function refusal(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_001, message } }, { status });
}
