import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { JSONRPCMessage, McpServer, Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { McpServerPorts } from './McpServerPorts.ts';
import { changingResources, subscribeToResource } from './resources/resource-updates.ts';
import { createMcpServer } from './server.ts';

/** A task has at most 1 MB; escaped as JSON it may be six times that. */
const maxMessageBytes = 10_000_000;

export interface ServeStdioOptions {
  readonly stdin: Readable;
  /** Carries protocol only; nobody else may write to it. */
  readonly stdout: Writable;
  /** Ends the server: running calls are stopped and answered with an error. */
  readonly signal: AbortSignal;
  /** Told of what went wrong beside any call, such as a line that is no JSON. */
  readonly onProblem: (message: string) => void;
}

/**
 * Serves one client over stdin and stdout, at revision 2026-07-28 (`server/discover`) or, after `initialize`, at an older one. Resolves
 * when the client has closed stdin or the signal was aborted, and every running call has settled what it spent.
 */
export async function serveMcpStdio(options: ServeStdioOptions, ports: McpServerPorts): Promise<void> {
  const { stdin, stdout, signal, onProblem } = options;
  let current: McpServer | undefined;
  let listening: readonly (() => void)[] = [];
  const ended = Promise.withResolvers<void>();
  const transport = tapped(
    new StdioServerTransport(stdin, stdout, { maxBufferSize: maxMessageBytes }),
    (message) => {
      // The SDK keeps these subscriptions to itself and drops what nobody listens to, so the watch begins with the first of them.
      if ('method' in message && message.method === 'subscriptions/listen' && listening.length === 0) {
        listening = changingResources.map((uri) => {
          const tell = () => void current?.server.sendResourceUpdated({ uri }).catch(() => undefined);
          return subscribeToResource(uri, tell, ports) ?? (() => undefined);
        });
      }
    },
    ended.resolve,
  );
  const factory = () => {
    current = createMcpServer(ports, 'stdio');
    return current;
  };
  const handle = serveStdio(factory, { transport, onerror: (error) => onProblem(error.message) });
  const onAbort = () => ended.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) ended.resolve();
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    // First the calls, so that their errors still reach a client that is there; then the connection.
    await ports.running.stopAll(signal.aborted ? 'the MCP server was stopped' : 'the MCP client has gone');
    await delay(20);
    await handle.close();
    for (const stop of listening) stop();
  }
}

/** The same transport, with a look at each incoming message and at its end. */
function tapped(inner: Transport, saw: (message: JSONRPCMessage) => void, onClosed: () => void): Transport {
  const outer: Transport = {
    start() {
      inner.onmessage = (message, extra) => {
        saw(message);
        outer.onmessage?.(message, extra);
      };
      inner.onerror = (error) => outer.onerror?.(error);
      inner.onclose = () => {
        onClosed();
        outer.onclose?.();
      };
      return inner.start();
    },
    send: (message, sendOptions) => inner.send(message, sendOptions),
    close: () => inner.close(),
  };
  return outer;
}
