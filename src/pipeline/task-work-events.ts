import type { RoutingDecision } from '../agents/routing-decision.ts';
import { AbortedError, TeelammaError } from '../errors.ts';
import type { TaskResult } from '../task-events.ts';
import type { TaskEnded, TaskStarted } from '../work-events.ts';
import type { TaskProgress } from './TaskJournal.ts';

export function taskStarted(decision: RoutingDecision, startedAtMs: number): TaskStarted {
  const { taskId, targetAgent: agent, cause, complexity, estimatedTokens, forced } = decision;
  const { level, score } = complexity;
  return {
    type: 'task-started',
    taskId,
    startedAtMs,
    agent,
    cause,
    complexity: level,
    score,
    estimatedTokens,
    forced,
  };
}

type TaskTimes = Pick<TaskEnded, 'startedAtMs' | 'endedAtMs'>;

export function taskAnswered(result: TaskResult, times: TaskTimes): TaskEnded {
  const { taskId, agent, verdict, chargedTokens, costUsd } = result;
  const { outcome } = verdict;
  return { type: 'task-ended', taskId, ...times, outcome, agent, chargedTokens, costUsd, errorType: null };
}

export function taskFailed(
  taskId: string,
  error: unknown,
  { chargedTokens }: TaskProgress,
  times: TaskTimes,
): TaskEnded {
  const outcome = error instanceof AbortedError ? 'aborted' : 'failed';
  const errorType = error instanceof TeelammaError ? error.code : '_OTHER';
  return {
    type: 'task-ended',
    taskId,
    ...times,
    outcome,
    agent: null,
    chargedTokens,
    costUsd: null,
    errorType,
  };
}
