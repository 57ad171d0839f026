/** The SDK's own server with one tool that gives back its argument: over stdio, or with `--http` over HTTP, where it prints its URL. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

function echoServer(): McpServer {
  const server = new McpServer({ name: 'echo', version: '1.0.0' });
  const schema = z.object({ task: z.string() });
  const config = { description: 'Gives back its task', inputSchema: schema, outputSchema: schema };
  server.registerTool('echo', config, ({ task }) => ({
    content: [{ type: 'text', text: task }],
    structuredContent: { task },
  }));
  return server;
}

if (process.argv.includes('--http')) {
  const handle = toNodeHandler(createMcpHandler(echoServer));
  const server = createServer(
    (request, response) => void handle(request as NodeIncomingMessageLike, response),
  );
  server.listen(0, '127.0.0.1', () => {
    process.stderr.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp\n`);
  });
} else {
  serveStdio(echoServer);
}
