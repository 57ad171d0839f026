import { DatabaseSync } from 'node:sqlite';
import { type BudgetSpec, CHARGED_AGENT, type TurnRecord } from '../Ledger.ts';
import * as operations from '../sqlite/operations.ts';
import { migrations } from '../sqlite/schema.ts';
import { UnitOfWork } from '../sqlite/UnitOfWork.ts';
import type { TaskRecord } from '../TaskRecord.ts';
import { type ReplayEvent, replayEvents } from './replay-events.ts';

/** What came of the recorded work under another limit. Amounts are tokens. */
export interface ReplayResult {
  readonly limitTokens: number;
  /** Tasks that wanted Claude, and how many of them Claude would have begun. */
  readonly tasks: number;
  readonly tasksOnClaude: number;
  /** Calls that Claude answered, within tasks and through the gateway; and how many of them would have been Claude's again. */
  readonly turns: number;
  readonly turnsOnClaude: number;
  /** What those cost; with the estimates of tasks that Claude would have had and never got. */
  readonly tokens: number;
  readonly estimatedTokens: number;
  /** When something was refused for the first time; null for never. */
  readonly firstRefusedAtMs: number | null;
  /** Windows, and in how many of them something was refused. */
  readonly windows: number;
  readonly windowsShort: number;
}

/** Causes of a decision that would have been another with more tokens. */
const wantedClaude: ReadonlySet<string> = new Set([
  'complex',
  'budget-exhausted',
  'budget-too-low',
  'budget-held',
]);

/** Tasks that the budget decides about: those that were forced or simple are what they are under any limit. */
export function isBudgets({ decision }: TaskRecord): boolean {
  return wantedClaude.has(decision.cause);
}

/**
 * Runs recorded tasks and turns against another budget, in the order of time: the ledger's own state machine on a database in memory,
 * with a clock that stands where each event stood. A task asks for its recorded estimate. A turn fits where what it really used fits,
 * and holds what it held, or as much of it as there is. A task that went to Ollama for want of budget is charged its estimate.
 */
export function replayBudget(
  spec: BudgetSpec,
  turns: readonly TurnRecord[],
  tasks: readonly TaskRecord[],
): ReplayResult {
  const db = new DatabaseSync(':memory:');
  try {
    for (const migration of migrations) db.exec(migration);
    db.exec('BEGIN');
    return new Replay(db, spec).run(replayEvents(turns, tasks.filter(isBudgets)));
  } finally {
    db.close();
  }
}

class Replay {
  private readonly work: UnitOfWork;
  private readonly budgets: readonly BudgetSpec[];
  private readonly short = new Set<number>();
  private readonly windows = new Set<number>();
  private readonly refused = new Set<string>();
  private readonly open = new Set<string>();
  private readonly result;

  constructor(db: DatabaseSync, spec: BudgetSpec) {
    this.work = new UnitOfWork(db);
    this.budgets = [spec];
    this.result = {
      limitTokens: spec.limitTokens,
      tasks: 0,
      tasksOnClaude: 0,
      turns: 0,
      turnsOnClaude: 0,
      tokens: 0,
      estimatedTokens: 0,
      firstRefusedAtMs: null as number | null,
    };
  }

  run(events: readonly ReplayEvent[]): ReplayResult {
    for (const event of events) {
      this.work.start(event.atMs, this.budgets, true);
      this.apply(event);
      this.work.flush();
    }
    return { ...this.result, windows: this.windows.size, windowsShort: this.short.size };
  }

  private apply(event: ReplayEvent): void {
    switch (event.type) {
      case 'task-begins':
        this.beginTask(event.task);
        return;
      case 'turn-begins':
        this.beginTurn(event.turn);
        return;
      case 'turn-ends':
        this.endTurn(event.turn);
        return;
      case 'task-ends':
        this.endTask(event.task);
        return;
    }
  }

  private beginTask({ taskId, kind, decision, scope }: TaskRecord): void {
    this.result.tasks += 1;
    const atLeastTokens = decision.estimatedTokens;
    const request = { taskId, kind, atLeastTokens, reservationId: `task ${taskId}` };
    const reserved = operations.reserve(this.work, request, scope ?? null, () => 1);
    if ('granted' in reserved) {
      this.refused.add(taskId);
      this.noteRefusal();
      return;
    }
    this.noteWindow();
    this.result.tasksOnClaude += 1;
    this.open.add(taskId);
  }

  private beginTurn(turn: TurnRecord): void {
    const { turnId, taskId, kind, model, chargedTokens: atLeastTokens } = turn;
    this.result.turns += 1;
    if (this.refused.has(taskId)) return;
    const atMostTokens = Math.max(turn.heldTokens, atLeastTokens);
    const id = `turn ${turnId}`;
    if (this.open.has(taskId)) {
      const request = { reservationId: `task ${taskId}`, turnId: id, atLeastTokens, atMostTokens, model };
      if ('granted' in operations.beginTurn(this.work, request)) this.noteRefusal();
      else this.open.add(id);
      return;
    }
    const request = { taskId, kind, atLeastTokens, atMostTokens, forced: turn.forced, reservationId: id };
    const reserved = operations.reserve(
      this.work,
      { ...request, firstTurn: { model, turnId: id } },
      turn.scope ?? null,
      () => 1,
    );
    if ('granted' in reserved) this.noteRefusal();
    else {
      this.noteWindow();
      this.open.add(id);
    }
  }

  private endTurn(turn: TurnRecord): void {
    const id = `turn ${turn.turnId}`;
    if (!this.open.delete(id)) return;
    const { usage, chargedTokens } = turn;
    // What is charged at its hold has no usage; here it is what it was charged.
    const used = usage ?? { ...nothing, inputTokens: chargedTokens };
    operations.settleTurn(this.work, id, { kind: 'usage', usage: used });
    this.result.turnsOnClaude += 1;
    this.result.tokens += chargedTokens;
    const own = this.work.findReservation(id);
    if (own) operations.closeReservation(this.work, own);
  }

  private endTask({ taskId, decision }: TaskRecord): void {
    if (!this.open.delete(taskId)) return;
    const reservation = this.work.findReservation(`task ${taskId}`);
    if (!reservation) return;
    if (decision.targetAgent !== CHARGED_AGENT) {
      const model = 'unknown';
      const turnId = `estimate ${taskId}`;
      const amounts = { atLeastTokens: decision.estimatedTokens, atMostTokens: decision.estimatedTokens };
      const begun = operations.beginTurn(this.work, {
        reservationId: `task ${taskId}`,
        turnId,
        model,
        ...amounts,
      });
      if (!('granted' in begun)) {
        operations.settleTurn(this.work, turnId, { kind: 'unknown', reason: 'Ollama did it' });
        this.result.estimatedTokens += decision.estimatedTokens;
      }
    }
    operations.closeReservation(this.work, reservation);
  }

  private noteRefusal(): void {
    this.result.firstRefusedAtMs ??= this.work.nowMs;
    const window = this.noteWindow();
    if (window !== null) this.short.add(window);
  }

  private noteWindow(): number | null {
    const [budget] = this.work.status(null);
    if (budget?.windowStartMs == null) return null;
    this.windows.add(budget.windowStartMs);
    return budget.windowStartMs;
  }
}

const nothing = { inputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens: 0 };
