import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { budgetSchema, budgetText, budgetView } from '../budget-view.ts';
import { limitSchema, limitText, limitView } from '../limit-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';

const description = `Says what is left of the user's Claude token budgets: limit, tokens used and held, tokens left, whether a budget is exhausted, and when its window ends and the tokens come back; and what Claude itself last reported of the account's own limits. Only reads. When a budget is exhausted, run_task still works: the local Ollama model does the task.`;

const outputSchema = z.object({ budgets: z.array(budgetSchema), claudeLimits: z.array(limitSchema) });

/** `budget_status`: every budget as of now. */
export function registerBudgetStatus(
  server: McpServer,
  { ledger, reportedLimits, nowMs }: McpServerPorts,
): void {
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
      const claudeLimits = reportedLimits().map((limit) => limitView(limit, nowMs()));
      const lines = [...budgets.map(budgetText), ...claudeLimits.map(limitText)];
      return toolAnswer(lines.join('\n'), { budgets, claudeLimits });
    } catch (error) {
      return toolError(error);
    }
  });
}
