import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { budgetSchema, budgetText, budgetView } from '../budget-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';

const description = `Says what is left of the user's Claude token budgets: limit, tokens used and held, tokens left, whether a budget is exhausted, and when its window ends and the tokens come back. Only reads. When a budget is exhausted, run_task still works: the local Ollama model does the task.`;

const outputSchema = z.object({ budgets: z.array(budgetSchema) });

/** `budget_status`: every budget as of now. */
export function registerBudgetStatus(server: McpServer, { ledger }: McpServerPorts): void {
  const config = {
    title: 'What is left of the token budget',
    description,
    inputSchema: z.strictObject({}),
    outputSchema,
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  };
  server.registerTool('budget_status', config, async () => {
    try {
      const budgets = (await ledger.status()).map(budgetView);
      return toolAnswer(budgets.map(budgetText).join('\n'), { budgets });
    } catch (error) {
      return toolError(error);
    }
  });
}
