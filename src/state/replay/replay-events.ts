import { CHARGED_AGENT, type TurnRecord } from '../Ledger.ts';
import type { TaskRecord } from '../TaskRecord.ts';

/** Something that the ledger was told, at its time. */
export type ReplayEvent =
  | { readonly type: 'task-begins' | 'task-ends'; readonly atMs: number; readonly task: TaskRecord }
  | { readonly type: 'turn-begins' | 'turn-ends'; readonly atMs: number; readonly turn: TurnRecord };

/** At the same moment: what frees tokens comes before what needs them, and a task before its turns. */
const order: Readonly<Record<ReplayEvent['type'], number>> = {
  'turn-ends': 0,
  'task-ends': 1,
  'task-begins': 2,
  'turn-begins': 3,
};

/**
 * The events of recorded tasks and turns in the order of time. Of turns only those that Claude answered or stays charged for. A turn
 * begins no earlier and ends no later than its task; a task without an end ends with its last turn.
 */
export function replayEvents(turns: readonly TurnRecord[], tasks: readonly TaskRecord[]): ReplayEvent[] {
  const events: ReplayEvent[] = [];
  const lastEndMs = new Map<string, number>();
  const begins = new Map(tasks.map(({ taskId, startedAtMs }) => [taskId, startedAtMs]));
  for (const turn of turns) {
    if (turn.agent !== CHARGED_AGENT || (turn.state !== 'settled' && turn.state !== 'assumed')) continue;
    const startMs = Math.max(turn.startedAtMs, begins.get(turn.taskId) ?? 0);
    // At least a moment, so that it begins before it ends.
    const endMs = Math.max(turn.settledAtMs ?? 0, startMs + 1);
    events.push({ type: 'turn-begins', atMs: startMs, turn }, { type: 'turn-ends', atMs: endMs, turn });
    lastEndMs.set(turn.taskId, Math.max(endMs, lastEndMs.get(turn.taskId) ?? 0));
  }
  for (const task of tasks) {
    const { taskId, startedAtMs, endedAtMs } = task;
    const endMs = Math.max(endedAtMs ?? 0, lastEndMs.get(taskId) ?? 0, startedAtMs + 1);
    events.push({ type: 'task-begins', atMs: startedAtMs, task }, { type: 'task-ends', atMs: endMs, task });
  }
  return events.sort((a, b) => a.atMs - b.atMs || order[a.type] - order[b.type]);
}
