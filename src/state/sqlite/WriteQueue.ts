import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { TeelammaError } from '../../errors.ts';
import type { BudgetSpec, BudgetStatus, LedgerEvent, Scope } from '../Ledger.ts';
import { rollback } from './connection.ts';
import { busyError, isBusy, ledgerError } from './sqlite-errors.ts';
import { UnitOfWork } from './UnitOfWork.ts';

export interface WriteQueueOptions {
  readonly file: string;
  readonly budgets: () => readonly BudgetSpec[];
  /** Longest time that an operation waits for other processes' transactions. */
  readonly busyTimeoutMs: number;
}

export interface WriteQueuePorts {
  readonly db: DatabaseSync;
  readonly nowMs: () => number;
  readonly onCommit: (commit: Commit) => void;
  /** Called when a transaction was rolled back, for what was remembered of it. */
  readonly onRollback: () => void;
}

/** What listeners are told of a transaction that changed something. */
export interface Commit {
  readonly budgets: readonly BudgetStatus[];
  readonly events: readonly LedgerEvent[];
}

/** Result of an operation, with the budgets that limit what it was for, as of its commit. */
export interface Written<T> {
  readonly value: T;
  readonly budgets: readonly BudgetStatus[];
}

interface Entry {
  readonly operation: (work: UnitOfWork) => unknown;
  readonly scopeOf: (value: unknown) => Scope | null;
  readonly resolve: (written: Written<unknown>) => void;
  readonly reject: (error: unknown) => void;
  readonly deadlineMs: number;
  /** Set after a shared transaction failed: whose fault it was shows when each runs by itself. */
  isAlone: boolean;
}

type Outcome = { readonly value: unknown } | { readonly error: TeelammaError };

/** Most operations in one transaction: bounds how long other processes and the event loop wait for it. */
const maxBatch = 128;
/** Tries that follow a busy one within the event loop's next rounds, before waits of whole milliseconds begin. */
const promptRetries = 2;
/** Tries a transaction usually needs before a crowd is assumed, and waits grow. */
const crowdTries = 8;
/** Longest of the shortest waits. */
const mostPauseMs = 32;

/**
 * Runs write operations in `BEGIN IMMEDIATE` transactions. Operations that were asked for in the same round of the event loop share
 * one (group commit); each resolves after the commit, and is all or nothing by itself. While another process has the lock, this
 * process waits without blocking its event loop, and about equally long each time: SQLite's own waits grow, which starves those
 * who waited longest. Where dozens of processes want the lock, their polling must not take the processor from the one that has it: waits
 * follow how many tries transactions took lately, not how many this one has taken.
 */
export class WriteQueue {
  private readonly options: WriteQueueOptions;
  private readonly ports: WriteQueuePorts;
  private readonly work: UnitOfWork;
  private readonly begin: StatementSync;
  private readonly commit: StatementSync;
  private readonly dataVersion: StatementSync;
  /** SQLite's count of what other connections committed, as of this object's last transaction; null: rows must be read anew. */
  private lastDataVersion: unknown = null;
  private entries: Entry[] = [];
  private isScheduled = false;
  private busyTries = 0;
  /** Tries that a transaction took lately, as a moving average. */
  private usualTries = 0;

  constructor(options: WriteQueueOptions, ports: WriteQueuePorts) {
    this.options = options;
    this.ports = ports;
    this.work = new UnitOfWork(ports.db);
    this.begin = ports.db.prepare('BEGIN IMMEDIATE');
    this.commit = ports.db.prepare('COMMIT');
    this.dataVersion = ports.db.prepare('PRAGMA data_version');
  }

  /**
   * Resolves when the operation is durable; rejects where it, or the file, failed: nothing of it was written then. `scopeOf` says for
   * which scope the budgets of the result are wanted.
   */
  run<T>(
    operation: (work: UnitOfWork) => T,
    scopeOf: (value: T) => Scope | null = () => null,
  ): Promise<Written<T>> {
    const deadlineMs = performance.now() + this.options.busyTimeoutMs;
    return new Promise((resolve, reject) => {
      this.entries.push({
        operation,
        scopeOf: scopeOf as Entry['scopeOf'],
        resolve: resolve as (written: Written<unknown>) => void,
        reject,
        deadlineMs,
        isAlone: false,
      });
      if (!this.isScheduled) this.schedule(0);
    });
  }

  private schedule(delayMs: number): void {
    this.isScheduled = true;
    if (delayMs === 0) setImmediate(this.next);
    else setTimeout(this.next, delayMs);
  }

  private readonly next = (): void => {
    this.isScheduled = false;
    const batch = this.takeBatch();
    if (batch.length > 0) this.transact(batch);
    if (this.entries.length > 0 && !this.isScheduled) this.schedule(0);
  };

  private takeBatch(): Entry[] {
    const { entries } = this;
    if (entries[0]?.isAlone) return entries.splice(0, 1);
    if (entries.length > maxBatch) return entries.splice(0, maxBatch);
    this.entries = [];
    return entries;
  }

  private transact(batch: readonly Entry[]): void {
    const { work } = this;
    let outcomes: readonly Outcome[];
    let budgets: readonly BudgetStatus[];
    let budgetsOf: readonly (readonly BudgetStatus[])[] | null = null;
    try {
      this.begin.run();
    } catch (error) {
      this.reject(batch, error);
      return;
    }
    try {
      const version = this.dataVersion.get()?.['data_version'] ?? null;
      work.start(this.ports.nowMs(), this.options.budgets(), version === this.lastDataVersion);
      this.lastDataVersion = version;
      outcomes = batch.map((entry) => attempt(entry, work));
      work.flush();
      budgets = work.statusOfAll();
      if (!work.isUnscoped) {
        budgetsOf = batch.map((entry, index) => statusFor(entry, outcomes[index] as Outcome, work, budgets));
      }
      this.commit.run();
    } catch (error) {
      this.fail(batch, error);
      return;
    }
    this.usualTries += (this.busyTries - this.usualTries) / 8;
    this.busyTries = 0;
    batch.forEach((entry, index) => {
      const outcome = outcomes[index] as Outcome;
      if ('error' in outcome) entry.reject(outcome.error);
      else entry.resolve({ value: outcome.value, budgets: budgetsOf?.[index] ?? budgets });
    });
    if (work.isChanged) this.ports.onCommit({ budgets, events: work.events });
  }

  private fail(batch: readonly Entry[], error: unknown): void {
    rollback(this.ports.db);
    this.work.forget();
    this.lastDataVersion = null;
    this.ports.onRollback();
    this.reject(batch, error);
  }

  /** Nothing of the batch was written. */
  private reject(batch: readonly Entry[], error: unknown): void {
    if (isBusy(error)) {
      this.retryLater(batch, error);
    } else if (batch.length === 1) {
      batch[0]?.reject(ledgerError(error, this.options.file));
    } else {
      for (const entry of batch) entry.isAlone = true;
      this.entries = [...batch, ...this.entries];
    }
  }

  private retryLater(batch: readonly Entry[], error: unknown): void {
    const nowMs = performance.now();
    const waiting = [...batch, ...this.entries];
    this.entries = waiting.filter((entry) => entry.deadlineMs > nowMs);
    for (const entry of waiting) {
      if (entry.deadlineMs <= nowMs) entry.reject(busyError(this.options.file, error));
    }
    this.busyTries += 1;
    const crowd = this.usualTries - crowdTries;
    const pauseMs = Math.min(mostPauseMs, 1 + Math.max(0, crowd) / 2);
    const isPrompt = this.busyTries <= promptRetries && crowd <= 0;
    this.schedule(isPrompt ? 0 : pauseMs * (1 + Math.random() * 2));
  }
}

function statusFor(
  entry: Entry,
  outcome: Outcome,
  work: UnitOfWork,
  all: readonly BudgetStatus[],
): readonly BudgetStatus[] {
  return 'error' in outcome ? all : work.status(entry.scopeOf(outcome.value));
}

/** Errors that an operation throws on purpose are its own: it has changed no row. Any other error fails the transaction. */
function attempt(entry: Entry, work: UnitOfWork): Outcome {
  try {
    return { value: entry.operation(work) };
  } catch (error) {
    if (error instanceof TeelammaError) return { error };
    throw error;
  }
}
