import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import { connectionFailure } from '../agents/connection-failure.ts';

export interface UpstreamOptions {
  /** Base URL of the Messages API; a path in it is kept. */
  readonly url: string;
  /** Longest silence: before a stream's head, and within every answer. */
  readonly stallTimeoutMs: number;
  /** Longest wait for the head of an answer that is not streamed, which comes when all of it is written. */
  readonly timeoutMs: number;
}

export interface UpstreamRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer | null;
  readonly isStream: boolean;
}

/** A whole answer. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The connections to the Messages API. */
export interface Upstream {
  readonly url: string;
  /** Sends a request; the handler is told of its answer. */
  dispatch(request: UpstreamRequest, handler: Dispatcher.DispatchHandler): void;
  /** Sends a request and reads the whole answer; rejects where the connection fails. */
  fetch(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;

/**
 * One pool of keep-alive connections, opened as they are needed and never shared by two requests at a time. undici sets TCP_NODELAY. HTTP/2
 * stays off: one broken connection would end every stream on it.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    allowH2: false,
    pipelining: 1,
    connections: null,
    connect: { timeout: connectTimeoutMs },
    // Answers of other kinds than streams may be silent for as long as they take.
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.stallTimeoutMs,
  });
  const optionsOf = ({ method, path, headers, body, isStream }: UpstreamRequest) => ({
    method,
    path: prefix + path,
    headers,
    body,
    headersTimeout: isStream ? options.stallTimeoutMs : options.timeoutMs,
    bodyTimeout: options.stallTimeoutMs,
  });
  return {
    url: options.url,
    dispatch(request, handler) {
      pool.dispatch(optionsOf(request), handler);
    },
    async fetch(request, signal) {
      const { statusCode, headers, body } = await pool.request({ ...optionsOf(request), signal });
      return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
    },
    close: () => pool.destroy(),
  };
}

/** Why a connection failed, in words without anything the client sent; and whether the request certainly never left. */
export function describeFailure(error: unknown): { readonly reason: string; readonly isNotSent: boolean } {
  const { reached, code } = connectionFailure(error);
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return { reason: 'Claude fell silent', isNotSent: false };
    default: {
      const detail = code === undefined ? '' : ` (${code})`;
      return reached === 'not-sent'
        ? { reason: `Claude cannot be reached${detail}`, isNotSent: true }
        : { reason: `The connection to Claude broke${detail}`, isNotSent: false };
    }
  }
}
