import { chargedTokens } from '../../messages/token-usage.ts';
import type { Ledger } from '../../state/Ledger.ts';
import type { TaskQuery, TaskRecord } from '../../state/TaskRecord.ts';
import type { GatewayFeed } from '../GatewayFeed.ts';
import type { DecisionsDocument, DecisionView } from './api-types.ts';
import type { Filter, Parsed } from './parse-query.ts';

/** Turns of others between those of one task that are read past. */
const mostTurns = 500;

/** One page of decisions, newest first: of tasks, from the ledger, and of requests through gateways, from the log. */
export async function readDecisions(
  { filter, outcome, before, limit }: Parsed,
  { ledger, feed }: { readonly ledger: Ledger; readonly feed: Pick<GatewayFeed, 'latest'> },
): Promise<DecisionsDocument> {
  const { period: _period, ...where } = filter;
  const tasks = await ledger.tasks({
    ...where,
    limit: limit + 1,
    ...(before && { after: before }),
    ...(outcome !== undefined && { outcome: outcome as NonNullable<TaskQuery['outcome']> }),
  });
  const requests = feed
    .latest()
    .filter((one) => outcome === undefined && matches(one, filter))
    .filter((one) => !before || comesAfter(one, { atMs: before.startedAtMs, id: before.taskId }));
  const views = [...tasks.map(taskView), ...requests].sort((a, b) => (comesAfter(a, b) ? 1 : -1));
  const page = views.slice(0, limit);
  const last = page.at(-1);
  return {
    decisions: await Promise.all(page.map((view) => withUsage(view, ledger, tasks))),
    next: views.length > limit && last ? `${last.atMs},${last.id}` : null,
  };
}

function matches(view: DecisionView, { sinceMs, agent, project, kind, model }: Filter): boolean {
  return (
    (sinceMs === undefined || view.atMs >= sinceMs) &&
    (agent === undefined || view.agent === agent) &&
    (model === undefined || view.model === model) &&
    (kind === undefined || kind.startsWith(view.kind)) &&
    // Nobody knows the project of a request.
    (project === undefined || project === '')
  );
}

/** Whether `a` is older than `b`, in the ledger's order. */
function comesAfter(a: Pick<DecisionView, 'atMs' | 'id'>, b: Pick<DecisionView, 'atMs' | 'id'>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}

function taskView(task: TaskRecord): DecisionView {
  const { decision, scope } = task;
  const isClaudeAlone = task.agent === 'claude-specialist' && task.handovers.length === 0;
  return {
    id: task.taskId,
    source: 'task',
    atMs: task.startedAtMs,
    agent: task.agent ?? decision.targetAgent,
    model: task.model,
    reason: decision.reason,
    kind: task.kind,
    project: scope?.project ?? null,
    door: scope?.door ?? null,
    estimatedTokens: decision.estimatedTokens,
    usedTokens: isClaudeAlone ? task.chargedTokens : null,
    chargedTokens: task.chargedTokens,
    outcome: task.outcome ?? 'running',
    latencyMs: task.latencyMs,
    title: task.prompt.title ?? null,
    handovers: task.handovers.length,
  };
}

/** What Ollama used is in its turns alone: nothing was charged for it. */
async function withUsage(
  view: DecisionView,
  ledger: Ledger,
  tasks: readonly TaskRecord[],
): Promise<DecisionView> {
  const task = view.usedTokens === null && tasks.find(({ taskId }) => taskId === view.id);
  if (!task || task.endedAtMs === null) return view;
  const turns = await ledger.history({
    sinceMs: task.startedAtMs,
    untilMs: task.endedAtMs,
    limit: mostTurns,
  });
  const own = turns.filter(({ taskId }) => taskId === task.taskId);
  const usedTokens = own.reduce(
    (sum, turn) => sum + (turn.usage ? chargedTokens(turn.usage) : turn.chargedTokens),
    0,
  );
  return own.length === 0 ? view : { ...view, usedTokens };
}
