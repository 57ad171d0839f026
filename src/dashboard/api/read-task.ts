import type { ModelPrice } from '../../config/prices/ModelPrice.ts';
import type { TurnRecord } from '../../state/Ledger.ts';
import type { TaskRecord } from '../../state/TaskRecord.ts';
import { turnCostUsd } from '../../state/token-cost.ts';
import type { DashboardOptions, DashboardPorts } from '../DashboardPorts.ts';
import type { TaskDocument, TaskView, TurnView } from './api-types.ts';

/** Turns of others between those of one task that are read past, at most. */
const mostTurns = 20_000;
/** Clocks of the machines of a team differ a little. */
const slackMs = 2_000;

/** One task with its turns, oldest first; null where it is not known. */
export async function readTask(
  taskId: string,
  { prices }: Pick<DashboardOptions, 'prices'>,
  { ledger, nowMs }: DashboardPorts,
): Promise<TaskDocument | null> {
  const task = await ledger.task(taskId);
  if (!task) return null;
  const turns = await ledger.history({
    sinceMs: task.startedAtMs - slackMs,
    untilMs: (task.endedAtMs ?? nowMs()) + slackMs,
    limit: mostTurns,
  });
  const own = turns.filter((turn) => turn.taskId === taskId).reverse();
  return { task: taskView(task), turns: own.map((turn) => turnView(turn, prices)) };
}

function taskView(task: TaskRecord): TaskView {
  const { decision, complexity, prompt, scope } = task;
  const { targetAgent, reason, cause, confidence, estimatedTokens, forced } = decision;
  return {
    taskId: task.taskId,
    kind: task.kind,
    strategy: task.strategy,
    project: scope?.project ?? null,
    door: scope?.door ?? null,
    user: scope?.user ?? null,
    startedAtMs: task.startedAtMs,
    endedAtMs: task.endedAtMs,
    title: prompt.title ?? null,
    promptLength: prompt.length,
    promptHash: prompt.sha256,
    agent: task.agent ?? targetAgent,
    model: task.model,
    outcome: task.outcome ?? 'running',
    decision: { targetAgent, reason, cause, confidence, estimatedTokens, forced },
    complexity: {
      level: complexity.level,
      score: complexity.score,
      confidence: complexity.confidence,
      signals: complexity.signals.map(({ name, value, weight }) => ({ name, value, weight })),
    },
    issues: task.issues.map((issue) => ({ ...issue })),
    reviews: (task.reviews ?? []).map((review) => ({
      agent: review.agent,
      purpose: review.purpose,
      outcome: review.outcome,
      issues: (review.issues ?? []).map((issue) => ({ ...issue })),
    })),
    handovers: task.handovers.map(({ from, to, reason: why }) => ({ from, to, reason: why })),
    chargedTokens: task.chargedTokens,
    latencyMs: task.latencyMs,
  };
}

function turnView(turn: TurnRecord, prices: readonly ModelPrice[]): TurnView {
  const { usage } = turn;
  return {
    turnId: turn.turnId,
    agent: turn.agent,
    model: turn.model,
    kind: turn.kind,
    state: turn.state,
    heldTokens: turn.heldTokens,
    chargedTokens: turn.chargedTokens,
    inputTokens: usage?.inputTokens ?? null,
    cachedTokens: usage ? usage.cacheCreationInputTokens + usage.cacheReadInputTokens : null,
    outputTokens: usage?.outputTokens ?? null,
    costUsd: turnCostUsd(turn, prices),
    forced: turn.forced,
    startedAtMs: turn.startedAtMs,
    settledAtMs: turn.settledAtMs,
    latencyMs: turn.latencyMs,
    reason: turn.reason,
  };
}
