import * as z from 'zod';
import type { RoutingDecision } from '../agents/routing-decision.ts';
import { strategies } from '../agents/strategy.ts';
import { formatUsd } from '../messages/format-usd.ts';

/** A routing decision as MCP clients see it. */
export const decisionSchema = z.object({
  taskId: z.string(),
  targetAgent: z.enum(['claude-specialist', 'ollama-specialist']),
  reason: z.string(),
  strategy: z.enum(strategies),
  confidence: z.number().describe('0 to 1'),
  complexity: z.object({
    level: z.enum(['simple', 'complex']),
    score: z.number().describe('0 to 1; complex from the threshold up'),
    threshold: z.number(),
  }),
  estimatedTokens: z.number().int().describe('what the task is expected to need on Claude'),
  forced: z.boolean(),
  warning: z.string().optional(),
  tokenBudgetStatus: z
    .object({
      used: z.number().int(),
      remaining: z.number().int(),
      exhausted: z.boolean(),
      unit: z.literal('micro-usd').optional().describe('absent: tokens'),
    })
    .optional(),
});

export type DecisionView = z.infer<typeof decisionSchema>;

/** The decision in the terms of `decisionSchema`: without the Router's signals, which `teelamma route` shows. */
export function decisionView(decision: RoutingDecision): DecisionView {
  const { taskId, targetAgent, reason, strategy, confidence, complexity, estimatedTokens, forced } = decision;
  const { level, score, threshold } = complexity;
  return {
    taskId,
    targetAgent,
    reason,
    strategy,
    confidence: rounded(confidence),
    complexity: { level, score: rounded(score), threshold: rounded(threshold) },
    estimatedTokens,
    forced,
    ...(decision.warning !== undefined && { warning: decision.warning }),
    ...(decision.tokenBudgetStatus && { tokenBudgetStatus: { ...decision.tokenBudgetStatus } }),
  };
}

/** A few lines about a decision, with everything that its view says. */
export function decisionText(view: DecisionView): string {
  const { complexity, tokenBudgetStatus: budget } = view;
  const lines = [
    `${view.targetAgent}: ${view.reason}`,
    `Confidence ${view.confidence}; ${complexity.level}, score ${complexity.score} (complex from ${complexity.threshold}); ` +
      `about ${view.estimatedTokens} tokens on Claude${view.forced ? '; forced' : ''}; strategy ${view.strategy}; task ${view.taskId}.`,
  ];
  if (budget) {
    lines.push(
      `Budget when it was decided: ${budget.unit ? formatUsd(budget.used) : `${budget.used} tokens`} used, ${budget.unit ? formatUsd(budget.remaining) : budget.remaining} left${budget.exhausted ? ', exhausted' : ''}.`,
    );
  }
  if (view.warning !== undefined) lines.push(`Warning: ${view.warning}`);
  return lines.join('\n');
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
