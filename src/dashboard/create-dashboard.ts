import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, TeelammaError } from '../errors.ts';
import { version } from '../version.ts';
import { readRoutes } from './api/api-routes.ts';
import { changeLimit } from './api/change-limit.ts';
import { parseQuery } from './api/parse-query.ts';
import { resetOneBudget } from './api/reset-budget.ts';
import { ChangeWatch } from './ChangeWatch.ts';
import type { DashboardOptions, DashboardPorts } from './DashboardPorts.ts';
import { EventStreams } from './EventStreams.ts';
import { GatewayFeed } from './GatewayFeed.ts';
import { refuseChange, refuseRead } from './http/check-request.ts';
import { pageFiles } from './http/page-files.ts';
import { readJson } from './http/read-json.ts';
import { sendBody, sendError, sendJson } from './http/send.ts';

const rereadMs = 700;

/** The dashboard as a part of some HTTP server. */
export interface Dashboard {
  /** Answers a request that is the dashboard's: `GET /` of a browser, and what is under `/dashboard`. False: it is somebody else's. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Ends the streams of open pages. */
  close(): void;
}

/**
 * A page that shows what the ledger knows, live, and its JSON API. It serves this machine alone: see `refuseRead`.
 *
 * @example
 * ```ts
 * const dashboard = createDashboard({ logFolder, claudeModel, prices }, ports);
 * createServer((request, response) => void dashboard.handle(request, response)).listen(7435, '127.0.0.1');
 * ```
 */
export function createDashboard(options: DashboardOptions, ports: DashboardPorts): Dashboard {
  const token = ports.newId();
  const feed = new GatewayFeed(options.logFolder);
  const watch = new ChangeWatch({ pollMs: options.pollMs ?? 300 }, { ledger: ports.ledger, feed });
  const streams = new EventStreams({ startId: ports.newId(), version }, { watch });
  const files = pageFiles();
  const routeOf = readRoutes(options, { ...ports, debts: remembered(ports) }, feed);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    if (url === null) return false;
    const path = url.pathname;
    if (path === '/' ? !wantsPage(request) : !/^\/dashboard(\/|$)/.test(path)) return false;
    try {
      if (path.startsWith('/dashboard/api/')) await answerApi(request, response, url);
      else await answerPage(request, response, path);
    } catch (error) {
      answerError(response, error);
    }
    return true;
  }

  async function answerPage(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    // A link on another site may lead here: it sees nothing of the page.
    const refusal = refuseRead({ host: request.headers.host });
    if (refusal) return sendError(response, refusal.status, refusal.code, refusal.message);
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendMethodError(response, 'GET');
    const name = /^\/dashboard\/assets\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined) {
      return sendBody(response, 200, 'text/html; charset=utf-8', await files.html(token));
    }
    const asset = await files.asset(name);
    if (asset) sendBody(response, 200, asset.type, asset.body);
    else sendNotFound(response);
  }

  async function answerApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = url.pathname.slice('/dashboard/api/'.length);
    if (path === 'limit' || path === 'reset') return answerChange(request, response, path);
    const refusal = refuseRead(request.headers);
    if (refusal) return sendError(response, refusal.status, refusal.code, refusal.message);
    const route = path === 'events' ? null : routeOf(path);
    if (path !== 'events' && !route) return sendNotFound(response);
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendMethodError(response, 'GET');
    if (!route) return streams.begin(response);
    const parsed = parseQuery(url.searchParams, ports.nowMs());
    if (!parsed.ok) return sendError(response, 400, 'invalid-query', parsed.message);
    const document = await route(parsed.query);
    if (document) sendJson(response, 200, document);
    else sendNotFound(response);
  }

  async function answerChange(
    request: IncomingMessage,
    response: ServerResponse,
    path: 'limit' | 'reset',
  ): Promise<void> {
    if (request.method !== 'POST') return sendMethodError(response, 'POST');
    const refusal = refuseChange(request.headers, token);
    if (refusal) return sendError(response, refusal.status, refusal.code, refusal.message);
    const body = await readJson(request);
    if (path === 'limit') {
      const changed = changeLimit(body, ports);
      if (changed) sendJson(response, 200, changed);
      else
        sendError(
          response,
          400,
          'invalid-body',
          'Send {"limit": "20k"}, and "window": "5h" where it changes',
        );
      return;
    }
    const result = await resetOneBudget(body, ports);
    if (result === 'done') sendJson(response, 200, { reset: true });
    else if (result === 'unknown') sendError(response, 404, 'not-found', 'There is no budget of that name');
    else sendError(response, 400, 'invalid-body', 'Send {"budget": "default"}');
  }

  /** What somebody can act on is told; all else is a bug, and the log has it. */
  function answerError(response: ServerResponse, error: unknown): void {
    if (error instanceof TeelammaError) {
      const isInput = error.code === 'invalid-config' || error.code === 'invalid-argument';
      sendError(response, isInput ? 400 : 503, error.code, error.message);
      return;
    }
    const failed = messageOf(error);
    ports.log.record({ agent: 'dashboard', action: 'bug', level: 'error', input: {}, output: { failed } });
    if (response.headersSent) response.destroy();
    else sendError(response, 500, 'bug', 'The dashboard itself failed; `teelamma log` says more');
  }

  return { handle, close: () => streams.close() };
}

/** Every entry is a file, and open pages ask with each change: once in a while is enough. */
function remembered({ debts, nowMs }: Pick<DashboardPorts, 'debts' | 'nowMs'>): DashboardPorts['debts'] {
  let list = debts.list();
  let readAtMs = nowMs();
  return {
    list() {
      if (Math.abs(nowMs() - readAtMs) >= rereadMs) {
        list = debts.list();
        readAtMs = nowMs();
      }
      return list;
    },
  };
}

/** Whether a browser asks for a page; programs ask `/` whether somebody is there. */
function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

function sendNotFound(response: ServerResponse): void {
  sendError(response, 404, 'not-found', 'There is nothing here');
}

function sendMethodError(response: ServerResponse, allowed: string): void {
  sendError(response, 405, 'method', `Only ${allowed} is answered here`);
}
