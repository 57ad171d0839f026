import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TeelammaError } from '../errors.ts';

export interface LoopbackServerOptions {
  /** What the error message calls it, such as `Claude simulator`. */
  readonly name: string;
  /** 0 for any free port. */
  readonly port: number;
  /** A longer body is read to its end and thrown away. */
  readonly maxBodyBytes: number;
}

/** One request with its whole body, and the way to answer it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Empty where it was too long. */
  readonly body: Buffer;
  readonly bodyBytes: number;
  readonly isBodyTooLong: boolean;
  /** Aborts when the connection ends before the answer is complete. */
  readonly signal: AbortSignal;
}

export interface LoopbackServer extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection, then the server. Closing twice is closing once. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Starts an HTTP server on 127.0.0.1 that hands each request over with its body.
 * @throws TeelammaError `port-taken` where another process listens there
 */
export async function startLoopbackServer(
  options: LoopbackServerOptions,
  handle: (exchange: Exchange) => Promise<void>,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    // A handler that throws is a bug of the simulator; the client must see it, not wait for ever.
    receive(request, response, options.maxBodyBytes)
      .then((exchange) => exchange && handle(exchange))
      .catch((error: unknown) => answerBug(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(options, error)));
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host}:${port}`, port, close, [Symbol.asyncDispose]: close };
}

/** Reads the request to its end; null where the client went before that. */
async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
): Promise<Exchange | null> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bodyBytes += chunk.length;
      if (bodyBytes <= maxBodyBytes) chunks.push(chunk);
    }
  } catch {
    return null;
  }
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const isBodyTooLong = bodyBytes > maxBodyBytes;
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark),
    body: isBodyTooLong ? Buffer.alloc(0) : Buffer.concat(chunks),
    bodyBytes,
    isBodyTooLong,
    signal: gone.signal,
  };
}

function answerBug(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`The simulator itself failed: ${error instanceof Error ? error.stack : String(error)}\n`);
}

function portError({ name, port }: LoopbackServerOptions, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const why = error.code === 'EADDRINUSE' ? 'is already in use' : 'may not be opened by this user';
  return new TeelammaError(
    'port-taken',
    `The ${name} cannot listen on ${host}:${port}: the port ${why}. Choose another port, or 0 for any free one.`,
    { cause: error },
  );
}
