import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { isLedgerTrouble, TeelammaError } from '../errors.ts';
import type {
  BudgetSpec,
  BudgetStatus,
  Ledger,
  LedgerEvent,
  RecoveryReport,
  ReserveResult,
  Scope,
} from './Ledger.ts';
import { LedgerEvents } from './LedgerEvents.ts';
import { RunningCalls } from './RunningCalls.ts';
import { mergeScopes } from './scope.ts';
import { audit } from './sqlite/audit.ts';
import { openConnection, type Synchronous, waitWhileBusy } from './sqlite/connection.ts';
import { nothingRecovered, Owner } from './sqlite/Owner.ts';
import * as operations from './sqlite/operations.ts';
import { history, recentOutputTokens, settledTasks, windows } from './sqlite/queries.ts';
import { generatedId, type TurnRow } from './sqlite/rows.ts';
import { ledgerError } from './sqlite/sqlite-errors.ts';
import { summedFromMs, sumUp } from './sqlite/sum-up.ts';
import { readTask, readTasks, writeTask } from './sqlite/tasks.ts';
import { UnitOfWork } from './sqlite/UnitOfWork.ts';
import { readUsage } from './sqlite/usage.ts';
import { WriteQueue, type Written } from './sqlite/WriteQueue.ts';
import { taskColumns } from './task-columns.ts';
import { planUsage, type UsagePlan } from './usage/plan-usage.ts';

export interface SqliteLedgerOptions {
  /** The database; its folder is made where it is missing. Beside it: -wal, -shm and `owners/`. */
  readonly file: string;
  /** Read anew for each call, so limits may change while the ledger is open. */
  readonly budgets: () => readonly BudgetSpec[];
  /** `normal` (default) survives a killed process; `full` a power cut too, for one fsync a commit. */
  readonly synchronous?: Synchronous;
  /** What everything done through this object has in common. Default: nothing is known. */
  readonly scope?: Scope;
  /** Longest wait for other processes before `ledger-busy`. Default 10,000 ms. */
  readonly busyTimeoutMs?: number;
}

export interface SqliteLedgerPorts {
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/**
 * The ledger of one installation: a SQLite file in WAL mode that all of its processes share. The file is opened by the first call
 * that needs it, so failures of the file come from the calls: `state-corrupt`, `state-unwritable`, `ledger-busy`.
 *
 * @example
 * await using ledger = openSqliteLedger(
 *   { file: 'state/ledger.db', budgets: () => [dailyBudget] },
 *   { nowMs: Date.now, newId: randomUUID },
 * );
 */
export function openSqliteLedger(options: SqliteLedgerOptions, ports: SqliteLedgerPorts): Ledger {
  return new SqliteLedger(options, ports);
}

/** Between two steps of summing: long enough for other processes that wait for the file's lock. */
const pauseMs = 4;

interface Opened {
  readonly db: DatabaseSync;
  readonly queue: WriteQueue;
  readonly owner: Owner;
  /** For reads outside of a transaction. */
  readonly reading: UnitOfWork;
}

class SqliteLedger implements Ledger {
  private readonly options: Required<SqliteLedgerOptions>;
  private readonly ports: SqliteLedgerPorts;
  private readonly events = new LedgerEvents();
  private readonly calls = new RunningCalls();
  private opened: Opened | null = null;
  private isClosed = false;
  private closing: Promise<void> | null = null;
  private isRecovered = false;
  private recovery: Promise<RecoveryReport> | null = null;

  constructor(options: SqliteLedgerOptions, ports: SqliteLedgerPorts) {
    this.options = { synchronous: 'normal', busyTimeoutMs: 10_000, scope: {}, ...options };
    this.ports = ports;
  }

  async reserve(request: Parameters<Ledger['reserve']>[0]): Promise<ReserveResult> {
    const { owner } = this.open();
    this.recoverFirst();
    const given = this.scopeOf(request.scope);
    const reserve = () =>
      this.write(
        (work) => operations.reserve(work, request, given, (used) => owner.use(used)),
        (value) => ('granted' in value ? null : value.reservation.scope),
      );
    const written = await this.afterRecovery(reserve);
    if ('granted' in written.value) return written.value;
    const { reservation, firstTurn } = written.value;
    return {
      granted: true,
      reservation: {
        id: generatedId.reservation(reservation),
        taskId: reservation.taskId,
        kind: reservation.kind,
        grantedTokens: reservation.grantedTokens,
        forced: reservation.forced,
        createdAtMs: reservation.createdAtMs,
      },
      ...(firstTurn && { firstTurn: begun(firstTurn) }),
      budgets: written.budgets,
    };
  }

  async beginTurn(request: Parameters<Ledger['beginTurn']>[0]): ReturnType<Ledger['beginTurn']> {
    let scope: Scope | null = null;
    const begin = (work: UnitOfWork) => {
      scope = work.findReservation(request.reservationId)?.scope ?? null;
      return operations.beginTurn(work, request);
    };
    const written = await this.afterRecovery(() => this.write(begin, () => scope));
    if ('granted' in written.value) return written.value;
    return { granted: true, ...begun(written.value), budgets: written.budgets };
  }

  async settleTurn(...[turnId, outcome]: Parameters<Ledger['settleTurn']>): ReturnType<Ledger['settleTurn']> {
    const settle = (work: UnitOfWork) => operations.settleTurn(work, turnId, outcome);
    const { value, budgets } = await this.write(settle, ({ scope }) => scope);
    const { changed, chargedTokens, aboveHoldTokens } = value;
    return { changed, chargedTokens, aboveHoldTokens, budgets };
  }

  async recordTurn(turn: Parameters<Ledger['recordTurn']>[0]): Promise<void> {
    await this.write((work) => operations.recordTurn(work, turn, this.scopeOf(turn.scope)));
  }

  async close(...[reservationId, closing]: Parameters<Ledger['close']>): Promise<void> {
    await this.write((work) => {
      const reservation = work.findReservation(reservationId);
      if (reservation) operations.closeReservation(work, reservation, closing);
    });
  }

  async importUsage(usage: Parameters<Ledger['importUsage']>[0]): Promise<boolean> {
    const { value } = await this.write((work) => operations.importUsage(work, usage));
    return value;
  }

  async charge(tokens: number, given?: Scope): Promise<readonly BudgetStatus[]> {
    const scope = this.scopeOf(given);
    const { budgets } = await this.write(
      (work) => operations.charge(work, tokens, scope),
      () => scope,
    );
    return budgets;
  }

  /** Concurrent calls of one process share one search. */
  recover(): Promise<RecoveryReport> {
    this.recovery ??= this.findAndResolveDead().finally(() => {
      this.recovery = null;
    });
    return this.recovery;
  }

  async reset(budgetName?: string): Promise<void> {
    await this.write((work) => operations.resetWindows(work, budgetName));
  }

  async status(scope?: Scope): Promise<readonly BudgetStatus[]> {
    return this.snapshot(scope);
  }

  snapshot(scope?: Scope): readonly BudgetStatus[] {
    return this.read(({ db, reading }) => {
      reading.start(this.ports.nowMs(), this.options.budgets());
      const status = () => (scope ? reading.status(this.scopeOf(scope)) : reading.statusOfAll());
      if (reading.budgets.length < 2 && reading.isUnscoped) return status();
      db.exec('BEGIN');
      try {
        return status();
      } finally {
        db.exec('COMMIT');
      }
    });
  }

  async settledTasks(
    ...[kind, limit]: Parameters<Ledger['settledTasks']>
  ): ReturnType<Ledger['settledTasks']> {
    return this.read(({ db }) => settledTasks(db, kind, limit));
  }

  async recentOutputTokens(kind: string, limit: number): Promise<readonly number[]> {
    return this.read(({ db }) => recentOutputTokens(db, kind, limit));
  }

  async history(query: Parameters<Ledger['history']>[0]): ReturnType<Ledger['history']> {
    return this.read(({ db }) => history(db, query));
  }

  async windows(query: Parameters<Ledger['windows']>[0]): ReturnType<Ledger['windows']> {
    return this.read(({ db }) => windows(db, query));
  }

  async recordTask(task: Parameters<Ledger['recordTask']>[0]): Promise<void> {
    const columns = taskColumns(task, this.scopeOf(undefined));
    const { db } = this.open();
    await this.write(() => writeTask(db, columns));
  }

  async task(taskId: string): ReturnType<Ledger['task']> {
    return this.read(({ db }) => readTask(db, taskId));
  }

  async tasks(query: Parameters<Ledger['tasks']>[0]): ReturnType<Ledger['tasks']> {
    return this.read(({ db }) => readTasks(db, query));
  }

  async usage(query: Parameters<Ledger['usage']>[0]): ReturnType<Ledger['usage']> {
    const plan = planUsage(query);
    await this.sum(plan, Number.POSITIVE_INFINITY);
    return this.read(({ db }) => {
      db.exec('BEGIN');
      try {
        return readUsage(db, plan);
      } finally {
        db.exec('COMMIT');
      }
    });
  }

  async sumUp(query: Parameters<Ledger['sumUp']>[0], forMs: number): ReturnType<Ledger['sumUp']> {
    return this.sum(planUsage(query), forMs);
  }

  /** Also answers for a file that cannot be opened: then the problem says why. */
  async check(): ReturnType<Ledger['check']> {
    const { file } = this.options;
    try {
      const problems = this.read(({ db }) => audit(db, file));
      return { ok: problems.length === 0, location: file, problems };
    } catch (error) {
      if (!(error instanceof TeelammaError)) throw error;
      return { ok: false, location: file, problems: [error.message] };
    }
  }

  subscribe(listener: (event: LedgerEvent) => void): () => void {
    return this.events.listen(listener);
  }

  /**
   * Waits for the calls that are under way, then resolves what this object has open: unsent holds are freed, turns in flight stay
   * charged. What cannot be written then is recovered by the next process; the error is thrown all the same.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await this.calls.ended();
    this.isClosed = true;
    const { opened } = this;
    try {
      const own = opened?.owner.own();
      if (opened && own) {
        const reason = 'the ledger was closed before it was settled';
        await opened.queue.run((work) => opened.owner.resolve(work, own, reason));
      }
    } finally {
      opened?.owner.release();
      opened?.db.close();
      this.opened = null;
      this.events.clear();
    }
  }

  private open(): Opened {
    if (this.isClosed)
      throw new TeelammaError('invalid-argument', `The ledger ${this.options.file} was closed.`);
    this.opened ??= this.openFile();
    return this.opened;
  }

  private openFile(): Opened {
    const { options, ports } = this;
    try {
      const db = openConnection(options);
      const owner = new Owner(db, options.file, ports.newId);
      const queue = new WriteQueue(options, {
        db,
        nowMs: ports.nowMs,
        onCommit: ({ budgets, events }) => {
          owner.committed();
          this.events.emit({ type: 'changed', budgets });
          for (const event of events) this.events.emit(event);
        },
        onRollback: () => owner.rolledBack(),
      });
      return { db, owner, queue, reading: new UnitOfWork(db) };
    } catch (error) {
      throw ledgerError(error, options.file);
    }
  }

  private async write<T>(
    operation: (work: UnitOfWork) => T,
    scopeOf?: (value: T) => Scope | null,
  ): Promise<Written<T>> {
    return this.calls.track(this.open().queue.run(operation, scopeOf));
  }

  /** Step by step, with room for others in between. Where nothing can be written, readers sum by themselves. */
  private async sum(plan: UsagePlan, forMs: number): Promise<number | null> {
    const untilMs = performance.now() + forMs;
    try {
      let fromMs = this.read(({ db }) => summedFromMs(db, plan));
      while (fromMs !== null) {
        const { db } = this.open();
        fromMs = (await this.write(() => sumUp(db, plan))).value;
        if (performance.now() >= untilMs) break;
        if (fromMs !== null) await delay(pauseMs);
      }
      return fromMs;
    } catch (error) {
      if (!isLedgerTrouble(error)) throw error;
      return null;
    }
  }

  private scopeOf(given: Scope | undefined): Scope | null {
    return mergeScopes(given, this.options.scope);
  }

  private read<T>(query: (opened: Opened) => T): T {
    const opened = this.open();
    try {
      return waitWhileBusy(this.options.busyTimeoutMs, () => query(opened));
    } catch (error) {
      throw ledgerError(error, this.options.file);
    }
  }

  /**
   * Before this object's first hold: what dead processes left does not count. Not waited for, since it stands before the
   * reservation in the queue. Where it fails, the next reservation tries again.
   */
  private recoverFirst(): void {
    if (this.isRecovered) return;
    this.isRecovered = true;
    this.recover().catch(() => {
      this.isRecovered = false;
    });
  }

  /** Where only holds stand in the way of a grant, frees those of dead processes and asks once more. */
  private async afterRecovery<T extends object>(ask: () => Promise<Written<T>>): Promise<Written<T>> {
    const written = await ask();
    const { value } = written;
    if (!('granted' in value) || !('cause' in value) || value.cause !== 'held') return written;
    const { releasedTokens } = await this.recover();
    return releasedTokens > 0 ? ask() : written;
  }

  private async findAndResolveDead(): Promise<RecoveryReport> {
    const { owner } = this.open();
    const dead = this.read(() => owner.takeOverDead(this.ports.nowMs()));
    if (dead.length === 0) return nothingRecovered;
    try {
      const { value: report } = await this.write((work) => {
        let sum = nothingRecovered;
        for (const one of dead) {
          const part =
            owner.resolve(work, one, 'its process ended before it was settled') ?? nothingRecovered;
          sum = {
            deadOwners: sum.deadOwners + part.deadOwners,
            assumedTurns: sum.assumedTurns + part.assumedTurns,
            assumedTokens: sum.assumedTokens + part.assumedTokens,
            releasedTokens: sum.releasedTokens + part.releasedTokens,
          };
        }
        return sum;
      });
      if (report.deadOwners > 0) this.events.emit({ type: 'recovered', report });
      return report;
    } finally {
      for (const { lock } of dead) lock.release();
    }
  }
}

function begun(turn: TurnRow): { readonly turnId: string; readonly heldTokens: number } {
  return { turnId: generatedId.turn(turn), heldTokens: turn.holdTokens };
}
