import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ModelPrice } from '../../config/prices/ModelPrice.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import type { TurnRecord } from '../../state/Ledger.ts';
import { turnCostUsd } from '../../state/token-cost.ts';
import { turnStateNames } from '../../state/turn-record.ts';
import { type PricedUsage, pricedDimensions, priceUsage } from '../../state/usage-cost.ts';
import { agentOfArgument } from '../agent-argument.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';

const description = `Lists the latest model calls that were made under the token budget, newest first, by every program of the user that shares it: when, which specialist and model, tokens in and out, tokens charged to the budget, and how each ended. With groupBy: sums over all calls instead, such as by day and agent. Only reads. Use it when the user asks what used up the tokens.`;

const inputSchema = z.strictObject({
  limit: z.number().int().min(1).max(200).default(20).describe('How many calls, 1 to 200.'),
  agent: z.enum(['claude', 'ollama']).optional().describe('Only the calls of one specialist.'),
  groupBy: z
    .array(z.enum(['hour', 'day', 'agent', 'model', 'project', 'kind', 'door', 'user']))
    .min(1)
    .max(2)
    .optional()
    .describe(
      'Sums by one or two of these instead of single calls, the latest up to the limit; not hour with day. Days in UTC.',
    ),
  sinceHours: z.number().positive().max(9_600).optional().describe('Only calls of the last so many hours.'),
});

const callSchema = z.object({
  startedAt: z.string().describe('ISO 8601'),
  taskId: z.string(),
  kind: z.string(),
  agent: z.string(),
  model: z.string(),
  state: z
    .enum(turnStateNames)
    .describe('assumed: the usage is not known, so it stays charged in full; released: it was not charged'),
  chargedTokens: z.number().int(),
  costUsd: z
    .number()
    .nullable()
    .describe(`list price of its tokens as of ${pricesAsOf}; null where usage or price is not known`),
  heldTokens: z.number().int(),
  inputTokens: z.number().int().nullable(),
  outputTokens: z.number().int().nullable(),
  forced: z.boolean(),
  latencyMs: z.number().nullable(),
  reason: z.string().nullable(),
});

const sumSchema = z.object({
  start: z.string().optional().describe('ISO 8601, beginning of the hour or day'),
  agent: z.string().optional(),
  model: z.string().optional(),
  project: z.string().optional(),
  kind: z.string().optional(),
  door: z.string().optional(),
  user: z.string().optional(),
  calls: z.number().int(),
  inputTokens: z.number().int().describe('of all kinds, cache reads and writes included'),
  outputTokens: z.number().int(),
  chargedTokens: z.number().int(),
  costUsd: z.number().nullable().describe(`list price as of ${pricesAsOf}; null where a price is not known`),
});

type SumView = z.infer<typeof sumSchema>;
type CallView = z.infer<typeof callSchema>;

/** `budget_history`: what used the tokens. */
export function registerBudgetHistory(server: McpServer, { ledger, nowMs, prices }: McpServerPorts): void {
  const config = {
    title: 'What used the token budget',
    description,
    inputSchema,
    outputSchema: z.object({ calls: z.array(callSchema), sums: z.array(sumSchema).optional() }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  };
  server.registerTool('budget_history', config, async ({ limit, agent, groupBy, sinceHours }) => {
    try {
      const agentName = agentOfArgument(agent);
      const since = sinceHours === undefined ? {} : { sinceMs: nowMs() - sinceHours * 3_600_000 };
      if (groupBy) {
        const where = agentName ? { agent: agentName } : {};
        const rows = await ledger.usage({ by: pricedDimensions(groupBy), where, ...since });
        const priced = priceUsage(rows, groupBy, prices, nowMs());
        const isByTime = groupBy.includes('day') || groupBy.includes('hour');
        const sums = (isByTime ? priced.slice(-limit) : priced.slice(0, limit)).map(sumView);
        const text = sums.length > 0 ? sums.map(sumText).join('\n') : 'No model call was made in that time.';
        return toolAnswer(text, { calls: [], sums });
      }
      const turns = await ledger.history({ limit, ...(agentName && { agent: agentName }), ...since });
      const calls = turns.map((turn) => callView(turn, prices));
      const text = calls.length > 0 ? calls.map(callText).join('\n') : 'No model call was made in that time.';
      return toolAnswer(text, { calls });
    } catch (error) {
      return toolError(error);
    }
  });
}

function sumView(row: PricedUsage): SumView {
  const { startMs, turns, costUsd, inputTokens, outputTokens, chargedTokens, ...rest } = row;
  const { cacheCreationInputTokens, cacheCreation5mInputTokens: _part, cacheReadInputTokens, ...keys } = rest;
  return {
    ...(startMs !== undefined && { start: new Date(startMs).toISOString() }),
    ...keys,
    calls: turns,
    inputTokens: inputTokens + cacheCreationInputTokens + cacheReadInputTokens,
    outputTokens,
    chargedTokens,
    costUsd,
  };
}

function sumText({ calls, inputTokens, outputTokens, chargedTokens, costUsd, ...keys }: SumView): string {
  const names = Object.values(keys).map((key) => key || 'unknown');
  const cost = costUsd === null ? '' : ` ($${costUsd})`;
  return `${names.join(' ')}: ${calls} calls, ${inputTokens} in, ${outputTokens} out, ${chargedTokens} charged${cost}`;
}

function callView(turn: TurnRecord, prices: readonly ModelPrice[]): CallView {
  const { usage } = turn;
  return {
    startedAt: new Date(turn.startedAtMs).toISOString(),
    taskId: turn.taskId,
    kind: turn.kind,
    agent: turn.agent,
    model: turn.model,
    state: turn.state,
    chargedTokens: turn.chargedTokens,
    costUsd: turnCostUsd(turn, prices),
    heldTokens: turn.heldTokens,
    inputTokens: usage && usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens,
    outputTokens: usage?.outputTokens ?? null,
    forced: turn.forced,
    latencyMs: turn.latencyMs,
    reason: turn.reason,
  };
}

function callText(call: CallView): string {
  const tokens =
    call.inputTokens === null ? 'usage unknown' : `${call.inputTokens} in, ${call.outputTokens} out`;
  const cost = call.costUsd === null ? '' : ` ($${call.costUsd})`;
  const latency = call.latencyMs === null ? '' : `, ${call.latencyMs} ms`;
  const forced = call.forced ? ', forced' : '';
  const reason = call.reason === null ? '' : ` (${call.reason})`;
  return (
    `${call.startedAt} ${call.agent} ${call.model} ${call.state}: ${tokens}, ${call.chargedTokens} charged${cost}, ` +
    `${call.heldTokens} held${latency}${forced}, ${call.kind} task ${call.taskId}${reason}`
  );
}
