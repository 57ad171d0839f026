import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { forceAgentSchema } from '../agent-argument.ts';
import { decisionSchema, decisionText, decisionView } from '../decision-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { preview } from '../preview.ts';
import { strategySchema } from '../strategy-argument.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';

const description = `Says who would do a task now, Claude or the local Ollama model, and why: the score of the task's complexity, the tokens it is expected to need on Claude, and what is left of the token budget. It sends nothing, spends nothing and holds nothing; the budget may have changed by the time run_task is called. Not needed before run_task, which decides by itself: use it when the user asks where a task would go, or whether the budget suffices for it.`;

const inputSchema = z.strictObject({
  task: z.string().describe('The task as it would be given to run_task.'),
  forceAgent: forceAgentSchema,
  strategy: strategySchema,
});

/** `route_task`: the decision that `run_task` would take, and why. */
export function registerRouteTask(server: McpServer, ports: McpServerPorts): void {
  const config = {
    title: 'Say who would do a task',
    description,
    inputSchema,
    outputSchema: decisionSchema,
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  };
  server.registerTool('route_task', config, async ({ task, forceAgent, strategy }) => {
    try {
      const view = decisionView(await preview(task, forceAgent, ports, { strategy }));
      return toolAnswer(`Nothing was sent or spent. It would be done by ${decisionText(view)}`, view);
    } catch (error) {
      return toolError(error);
    }
  });
}
