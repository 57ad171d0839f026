import { type McpServer, ResourceNotFoundError } from '@modelcontextprotocol/server';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { subscribeToResource } from './resource-updates.ts';

/**
 * `resources/subscribe` and `resources/unsubscribe`, by which clients up to revision 2025-11-25 ask for update notifications. Later ones
 * use `subscriptions/listen`, which the SDK's entries serve. Ends with the connection.
 */
export function registerSubscriptions(server: McpServer, ports: McpServerPorts): void {
  const active = new Map<string, () => void>();
  const { server: connection } = server;
  connection.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
    if (active.has(uri)) return {};
    // A client that has gone away is told nothing.
    const tell = () => void connection.sendResourceUpdated({ uri }).catch(() => undefined);
    const stop = subscribeToResource(uri, tell, ports);
    if (stop === null) throw new ResourceNotFoundError(uri);
    active.set(uri, stop);
    return {};
  });
  connection.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    active.get(uri)?.();
    active.delete(uri);
    return {};
  });
  connection.onclose = () => {
    for (const stop of active.values()) stop();
    active.clear();
  };
}
