import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from '../agents/Router.ts';
import type { Specialist } from '../agents/Specialist.ts';
import { messageOf, TeelammaError } from '../errors.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import type { Ledger } from '../state/Ledger.ts';
import type { Sleep } from '../state/wait-for-holds.ts';
import type { WorkObserver } from '../work-events.ts';
import { sendApiError } from './api-error.ts';
import { createConversations } from './conversations.ts';
import { createCoolDowns } from './cool-downs.ts';
import type {
  Exchange,
  GatewayBehaviour,
  GatewayDecision,
  GatewayLimits,
  GatewayParts,
} from './GatewayParts.ts';
import { createHolds } from './holds.ts';
import { type Client, identifyClient, isForeignPage, isLoopbackName } from './identify-client.ts';
import type { GatewayKey } from './keys/gateway-key.ts';
import { isOwnAddress } from './own-address.ts';
import { createPolicy, type PolicyOptions } from './policy.ts';
import { countTokensRoute } from './routes/count-tokens.ts';
import { healthRoute } from './routes/health.ts';
import { messagesRoute } from './routes/messages.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelsRoute } from './routes/models.ts';
import { otherRoute } from './routes/other.ts';
import { createUpstream, type UpstreamOptions } from './upstream.ts';

export interface GatewayOptions extends Partial<GatewayBehaviour> {
  readonly upstream: UpstreamOptions;
  /** Address to listen on. Default 127.0.0.1; anything but loopback needs gateway keys. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly policy?: Partial<PolicyOptions>;
  /** The gateway's own key for Claude, used for clients that show a gateway key alone; null for none. */
  readonly ownCredential?: readonly [name: string, value: string] | null;
  /** Longest wait for holds of other requests that stand in the way. Default 2,000 ms. */
  readonly waitMs?: number;
  /** Longest wait for running requests when it closes; what runs then is cut. Default 5,000 ms. */
  readonly closeMs?: number;
}

export interface GatewayPorts {
  readonly ledger: Ledger;
  readonly ollama: Specialist;
  readonly router: Router;
  readonly log: DecisionLog;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly sleep: Sleep;
  /** What Claude reported of its limits. Default: nobody keeps it, and no request passes to Ollama for it. */
  readonly limits?: GatewayLimits;
  /** The keys that open the gateway as of now; none (the default) leaves it open on loopback. */
  readonly keys?: () => readonly GatewayKey[];
  /** Told of each decision, when its request has ended. */
  readonly onDecision?: (decision: GatewayDecision) => void;
  /** Answers what a browser asks at `/` and under `/dashboard`, while no keys are needed; false: it does not. */
  readonly page?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Told of each request, for traces and metrics. Default: nobody is. */
  readonly observe?: WorkObserver;
  /** Answers `GET /metrics`. Default: there is no such page. */
  readonly metrics?: MetricsPage;
}

/** The metrics as Prometheus reads them. */
export type MetricsPage = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** A gateway. Disposing closes it. */
export interface Gateway extends AsyncDisposable {
  /**
   * Listens. Resolves with its base URL, without a trailing slash.
   * @throws TeelammaError `port-taken`; `invalid-argument` where it would be open to the network without keys; `invalid-config` where
   *   its own address is the one at which it would ask Claude
   */
  start(): Promise<string>;
  /** Takes no more requests, lets running ones end for a short time, cuts the rest. Every hold is settled when it resolves. */
  close(): Promise<void>;
}

/**
 * An Anthropic-compatible gateway that keeps a client alive under the budget: Claude while the budget lasts, Ollama when Claude cannot.
 * Plain node:http and undici: see docs/decisions on the hot path.
 *
 * @example
 * ```ts
 * await using gateway = createGateway({ upstream: { url, stallTimeoutMs, timeoutMs } }, ports);
 * process.stdout.write(`ANTHROPIC_BASE_URL=${await gateway.start()}\n`);
 * ```
 */
export function createGateway(options: GatewayOptions, ports: GatewayPorts): Gateway {
  const { host = '127.0.0.1', port = 0, ownCredential = null, closeMs = 5_000 } = options;
  const { ledger, ollama, log, nowMs, newId } = ports;
  const upstream = createUpstream(options.upstream);
  const onProblem = (problem: string): void =>
    log.record({ agent: 'gateway', action: 'ledger', level: 'error', input: {}, output: { problem } });
  const parts: GatewayParts = {
    upstream,
    ollama,
    ledger,
    log,
    nowMs,
    newId,
    holds: createHolds({ waitMs: options.waitMs ?? 2_000 }, { ledger, nowMs, sleep: ports.sleep, onProblem }),
    conversations: createConversations({}, { nowMs }),
    coolDowns: createCoolDowns({ nowMs }),
    limits: ports.limits ?? null,
    policy: createPolicy(
      { models: [], background: 'claude-specialist', routeByComplexity: false, ...options.policy },
      { router: ports.router },
    ),
    onDecision(decision) {
      logDecision(log, decision);
      ports.onDecision?.(decision);
    },
    observe: ports.observe ?? null,
    behaviour: {
      continueAnswers: options.continueAnswers ?? true,
      notices: options.notices ?? true,
      pingMs: options.pingMs ?? 5_000,
    },
  };
  const running = new Set<Promise<void>>();
  let isKeyRequired = !isLoopbackName(host);
  let closing: Promise<void> | null = null;

  const server = createServer({ keepAliveTimeout: 75_000, noDelay: true }, (request, response) => {
    const handled = handle(request, response).catch((error: unknown) => answerBug(response, error, log));
    running.add(handled);
    void handled.finally(() => running.delete(handled));
  });
  // A client may wait for as long as its request takes to be answered; this bounds only how long it takes to send it.
  server.requestTimeout = 300_000;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method } = request;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    if (isForeignPage(request)) {
      const message = 'This gateway does not serve web pages of other hosts';
      sendApiError(response, { status: 403, type: 'permission_error', message });
      return;
    }
    if ((path === '/' || path.startsWith('/dashboard')) && (await answerPage(request, response))) return;
    if (path === '/health' || path === '/' || path === '/api/hello') {
      healthRoute({ response }, parts);
      return;
    }
    const client = clientOf(request);
    if (client === null) {
      const message = 'This gateway needs a key of its own; `teelamma keys add` makes one';
      sendApiError(response, { status: 401, type: 'authentication_error', message });
      return;
    }
    if (path === '/metrics' && ports.metrics && (method === 'GET' || method === 'HEAD')) {
      await metricsRoute(response, ports.metrics);
      return;
    }
    const exchange = { request, response, path, client };
    await routeFor(method, path)(exchange, parts);
  }

  /** Who may ask is told from keys, which browsers do not send; so a gateway that needs them shows no page. */
  async function answerPage(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!ports.page) return false;
    if (!needsKey()) return ports.page(request, response);
    if (request.method === 'HEAD' || !(request.headers.accept ?? '').includes('text/html')) return false;
    const message =
      'A gateway with keys shows no dashboard. Run `teelamma dashboard` on its machine; docs/dashboard.md has the rest';
    sendApiError(response, { status: 403, type: 'permission_error', message });
    return true;
  }

  function needsKey(): boolean {
    // Once there were keys, their removal must not open the gateway.
    if ((ports.keys?.() ?? []).length > 0) isKeyRequired = true;
    return isKeyRequired;
  }

  function clientOf(request: IncomingMessage): Client | null {
    return identifyClient(request, {
      isKeyRequired: needsKey(),
      keys: ports.keys?.() ?? [],
      ownCredential,
    });
  }

  async function start(): Promise<string> {
    if (!isLoopbackName(host) && (ports.keys?.() ?? []).length === 0) {
      throw new TeelammaError(
        'invalid-argument',
        `The gateway would be open to everybody who reaches ${host}. Make a key with \`teelamma keys add <name>\` first, or listen on 127.0.0.1.`,
      );
    }
    await listen(server, host, port);
    const { port: actual } = server.address() as AddressInfo;
    if (isOwnAddress(options.upstream.url, { host, port: actual })) {
      await close();
      throw new TeelammaError(
        'invalid-config',
        `The gateway would ask itself for Claude: ${options.upstream.url} is its own address. Set TEELAMMA_CLAUDE_URL, or claude.url, to Claude's.`,
      );
    }
    return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
  }

  async function shutDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), closeMs);
    while (running.size > 0) await Promise.allSettled(running);
    clearTimeout(cut);
    server.closeAllConnections();
    if (server.listening) await closed;
    await upstream.close();
    parts.limits?.flush();
  }

  const close = (): Promise<void> => {
    closing ??= shutDown();
    return closing;
  };
  return { start, close, [Symbol.asyncDispose]: close };
}

type Route = (exchange: Exchange, gateway: GatewayParts) => Promise<void>;

function routeFor(method: string | undefined, path: string): Route {
  const isRead = method === 'GET' || method === 'HEAD';
  if (path === '/v1/messages' && method === 'POST') return messagesRoute;
  if (path === '/v1/messages/count_tokens' && method === 'POST') return countTokensRoute;
  if (isRead && /^\/v1\/models(\/[\w.:-]+)?$/.test(path)) return modelsRoute;
  if (path.startsWith('/v1/')) return otherRoute;
  return notFoundRoute;
}

async function notFoundRoute({ response }: Exchange): Promise<void> {
  sendApiError(response, { status: 404, type: 'not_found_error', message: 'Not Found' });
}

function logDecision(log: DecisionLog, decision: GatewayDecision): void {
  const { agent, model, reason, key, from, durationMs, atMs: _atMs, ...output } = decision;
  const level = agent === 'none' ? 'warn' : 'info';
  log.record({
    agent: agent === 'none' ? 'gateway' : agent,
    action: agent === 'none' ? 'refuse' : 'answer',
    level,
    input: { door: 'gateway', model, key },
    output: { reason, from, ...output, latencyMs: durationMs },
  });
}

/** A bug of the gateway; its holds stay charged, and the client must not wait for ever. */
function answerBug(response: ServerResponse, error: unknown, log: DecisionLog): void {
  const failed = messageOf(error);
  log.record({ agent: 'gateway', action: 'bug', level: 'error', input: {}, output: { failed } });
  if (response.headersSent) response.destroy();
  else {
    const message = 'The gateway itself failed; its log says more';
    sendApiError(response, { status: 500, type: 'api_error', message });
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const why = error.code === 'EADDRINUSE' ? 'is already in use' : 'may not be opened by this user';
  return new TeelammaError(
    'port-taken',
    `The gateway cannot listen on ${host}:${port}: the port ${why}. Choose another with --port, or 0 for any free one.`,
    { cause: error },
  );
}
