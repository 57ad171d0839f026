import type { McpServer } from '@modelcontextprotocol/server';
import type { McpServerPorts } from '../McpServerPorts.ts';

/** Address of the latest decisions; clients that subscribed to it are told of each new one. */
export const decisionsUri = 'budget://decisions';

/** `budget://decisions`: the latest decisions, newest first, as JSON. */
export function registerDecisionsResource(server: McpServer, { decisions }: McpServerPorts): void {
  const metadata = {
    title: 'Latest routing decisions',
    description: 'Who was chosen for the latest tasks, and why; newest first, at most 20',
    mimeType: 'application/json',
  };
  server.registerResource('decisions', decisionsUri, metadata, async () => {
    const text = JSON.stringify({ decisions: await decisions.list() }, null, 2);
    return { contents: [{ uri: decisionsUri, mimeType: 'application/json', text }] };
  });
}
