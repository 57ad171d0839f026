import { McpServer } from '@modelcontextprotocol/server';
import { version } from '../version.ts';
import type { McpServerPorts } from './McpServerPorts.ts';
import { registerDelegate } from './prompts/delegate.ts';
import { registerBudgetResource } from './resources/budget-resource.ts';
import { registerDecisionsResource } from './resources/decisions-resource.ts';
import { registerSubscriptions } from './resources/register-subscriptions.ts';
import { registerBudgetHistory } from './tools/budget-history.ts';
import { registerBudgetStatus } from './tools/budget-status.ts';
import { registerRouteTask } from './tools/route-task.ts';
import { registerRunTask } from './tools/run-task.ts';

const instructions = `Hands software tasks to Claude or a local model under the user's token budget. Use run_task for work that one text can describe completely, or, with workspace, for changes to the files of a folder; it decides by itself who does it, and works on when the budget is exhausted. budget_status says what is left.`;

/** How this server names itself to clients. */
const serverInfo = { name: 'teelamma', title: 'ClaudeTeelamma', version } as const;

/**
 * One connection's MCP server with all tools, resources and prompts; connections share the ports. `serveMcpStdio` and `serveMcpHttp`
 * make one for each connection, so that every protocol revision sees the same.
 */
export function createMcpServer(ports: McpServerPorts, transport: 'stdio' | 'http'): McpServer {
  const capabilities = {
    tools: { listChanged: false },
    resources: { subscribe: true, listChanged: false },
    prompts: { listChanged: false },
  };
  const server = new McpServer(serverInfo, { capabilities, instructions });
  registerRunTask(server, ports, { ...ports.place, trustsRoots: transport === 'stdio' });
  registerRouteTask(server, ports);
  registerBudgetStatus(server, ports);
  registerBudgetHistory(server, ports);
  registerBudgetResource(server, ports);
  registerDecisionsResource(server, ports);
  registerSubscriptions(server, ports);
  registerDelegate(server);
  return server;
}
