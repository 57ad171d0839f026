import type { ServerEventBus } from '@modelcontextprotocol/server';
import { type McpHttpServer, type ServeHttpOptions, startHttp } from './http/start-http.ts';
import type { McpServerPorts } from './McpServerPorts.ts';
import { changingResources, subscribeToResource } from './resources/resource-updates.ts';
import { createMcpServer } from './server.ts';

export interface ServeHttpPorts extends McpServerPorts {
  readonly newId: () => string;
}

/**
 * Serves many clients at once over Streamable HTTP at `/mcp`.
 * @throws TeelammaError `invalid-argument` where it would listen beyond loopback without a token; `port-taken`
 */
export async function serveMcpHttp(options: ServeHttpOptions, ports: ServeHttpPorts): Promise<McpHttpServer> {
  return startHttp(options, {
    newServer: () => createMcpServer(ports, 'http'),
    events: resourceEvents(ports),
    stopCalls: () => ports.running.stopAll('the MCP server was stopped'),
    newId: ports.newId,
    nowMs: ports.nowMs,
  });
}

/** Watches only while a stream of `subscriptions/listen` is open. */
function resourceEvents(ports: McpServerPorts): ServerEventBus {
  return {
    publish: () => undefined,
    subscribe(listener) {
      const stops = changingResources.map((uri) =>
        subscribeToResource(uri, () => listener({ kind: 'resource_updated', uri }), ports),
      );
      return () => {
        for (const stop of stops) stop?.();
      };
    },
  };
}
