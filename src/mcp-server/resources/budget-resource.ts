import type { McpServer } from '@modelcontextprotocol/server';
import { budgetView } from '../budget-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';

/** Address of the budgets; clients that subscribed to it are told of every change. */
export const budgetUri = 'budget://status';

/** `budget://status`: the same as the tool `budget_status`, as JSON. */
export function registerBudgetResource(server: McpServer, { ledger }: McpServerPorts): void {
  const metadata = {
    title: 'Token budget',
    description: 'What is left of the Claude token budgets, and when they reset',
    mimeType: 'application/json',
  };
  server.registerResource('budget-status', budgetUri, metadata, async () => {
    const budgets = (await ledger.status()).map(budgetView);
    const text = JSON.stringify({ budgets }, null, 2);
    return { contents: [{ uri: budgetUri, mimeType: 'application/json', text }] };
  });
}
