import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { TeelammaError } from '../../errors.ts';
import type { BudgetSpec, RecoveryReport, Scope } from '../Ledger.ts';
import { budgetRules, type Counter } from './budget-rules.ts';
import { connect, migrate } from './connection.ts';
import { ledgerLocation } from './location.ts';
import { failureOf, postgresError } from './postgres-errors.ts';
import type { ServerClock } from './ServerClock.ts';
import type { WindowColumns } from './WindowView.ts';

/** One transition, as `teelamma.operate` takes it. */
export type Operation = { readonly do: string } & Readonly<Record<string, unknown>>;

/** What the server says of one operation; which fields there are depends on it. */
export interface OperationResult {
  readonly invalid?: 'turn-taken' | 'no-reservation';
  readonly refused?: true;
  readonly remaining?: number;
  readonly binding?: string;
  readonly cause?: 'spent' | 'held' | 'window-passed' | 'closed';
  readonly reservation?: ReservationColumns;
  readonly turn?: TurnColumns | null;
  readonly scope?: Scope | null;
  readonly changed?: boolean;
  readonly charged?: number;
  readonly hold?: number;
}

export interface ReservationColumns {
  readonly id: string;
  readonly task_id: string;
  readonly kind: string;
  readonly scope: Scope | null;
  readonly granted: number;
  readonly forced: boolean;
  readonly created_ms: number;
}

export interface TurnColumns {
  readonly id: string;
  readonly hold: number;
}

/** An answer of `teelamma.apply`. */
export interface Answer {
  readonly now: number;
  readonly results: readonly (OperationResult | RecoveryReport | boolean)[];
  readonly events: readonly StoredEvent[];
  readonly changed: boolean;
  /** Whether the owner has a lease now. */
  readonly leased: boolean;
  readonly keys: readonly Counter[];
  readonly windows: readonly WindowColumns[];
}

export type StoredEvent =
  | { readonly type: 'threshold'; readonly percent: number; readonly window: WindowColumns }
  | {
      readonly type: 'usage-above-hold';
      readonly turnId: string;
      readonly held: number;
      readonly charged: number;
    };

export interface WriterOptions {
  readonly url: string;
  /** Longest time that a call is tried again. */
  readonly patienceMs: number;
  /** How long after the server's start nobody is taken for dead. */
  readonly graceMs: number;
  /** Whether slices of the remainder are leased, see lease-functions.ts. */
  readonly lease: boolean;
  readonly budgets: () => readonly BudgetSpec[];
}

export interface WriterPorts {
  /** Names the owner; unique over all machines. */
  readonly ownerKey: string;
  readonly clock: ServerClock;
  /** Told of each commit, before its callers are. */
  readonly onAnswer: (answer: Answer) => void;
}

interface Pending {
  readonly build: (budgets: readonly BudgetSpec[]) => Operation;
  readonly resolve: (result: Answer['results'][number]) => void;
  readonly reject: (error: unknown) => void;
}

const mostOperations = 200;
const mostBacklog = 10_000;
const backgroundRetryMs = 1_000;
/** Longest time that a call waits for a connection that is being made. */
const connectionWaitMs = 3_000;
/**
 * Longest time of an attempt to connect, which goes on for calls that come later. Where many clients come back at once to a server that
 * was down, attempts that are given up early only cost it the work that the next ones need: then none would ever succeed.
 */
const connectionTimeoutMs = 20_000;

/**
 * The one connection that writes for a ledger object, and its sign of life: a lock of the session, which the server drops with it.
 *
 * Calls of the same tick, and those that come while a batch is under way, make the next batch: one statement, one transaction, one
 * round trip. Batches are numbered. Where an answer is lost, the writer connects again, which ends its former session for certain, and
 * sends the same batch with the same number: the server knows whether it has it, and then gives the first answer.
 *
 * What could not be written in time fails for its caller. Outcomes of turns are kept and written when the server is back; what may
 * have been granted without the caller knowing is taken back then.
 */
export class Writer {
  private readonly options: WriterOptions;
  private readonly ports: WriterPorts;
  private readonly location: string;
  private queue: Pending[] = [];
  private backlog: Operation[] = [];
  private batch = 0;
  private owner: number | null = null;
  private client: Client | null = null;
  private connecting: Promise<Client> | null = null;
  private flushing: Promise<void> | null = null;
  private retryTimer: NodeJS.Timeout | null = null;
  private readonly stop = new AbortController();
  private isDown = false;
  private hasLease = false;
  private isClosed = false;

  constructor(options: WriterOptions, ports: WriterPorts) {
    this.options = options;
    this.ports = ports;
    this.location = ledgerLocation(options.url);
  }

  /** Whether the server ever knew this owner. */
  get hasEntered(): boolean {
    return this.owner !== null;
  }

  /** Resolves with the server's answer once it is durable. `build` is called when the batch is made. */
  run(build: Pending['build']): Promise<Answer['results'][number]> {
    return new Promise((resolve, reject) => {
      this.queue.push({ build, resolve, reject });
      queueMicrotask(() => this.startFlush());
    });
  }

  /** Ends the connection, and with it the sign of life. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    await this.flushing;
    this.stop.abort();
    await this.connecting?.catch(() => undefined);
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private startFlush(): void {
    this.flushing ??= this.flush().finally(() => {
      this.flushing = null;
      if (this.queue.length > 0) this.startFlush();
    });
  }

  private async flush(): Promise<void> {
    while (this.queue.length > 0 || this.backlog.length > 0) {
      const late = this.backlog.splice(0, mostOperations);
      const budgets = this.options.budgets();
      const { pending, operations } = this.take(budgets);
      if (operations.length === 0 && late.length === 0) continue;
      let mayBeCommitted = false;
      try {
        const answer = await this.send([...late, ...operations], budgets, () => {
          mayBeCommitted = true;
        });
        this.ports.onAnswer(answer);
        for (const [index, one] of pending.entries()) {
          const result = answer.results[late.length + index];
          if (result === undefined) one.reject(new Error(`The ledger answered only ${index} operations`));
          else one.resolve(result);
        }
      } catch (error) {
        const missed = operations.flatMap((one) => laterOf(one, mayBeCommitted));
        this.backlog = [...late, ...missed, ...this.backlog].slice(0, mostBacklog);
        for (const one of pending) one.reject(error);
        this.retryLater();
        if (this.queue.length === 0) return;
      }
    }
  }

  private take(budgets: readonly BudgetSpec[]): { pending: Pending[]; operations: Operation[] } {
    const pending: Pending[] = [];
    const operations: Operation[] = [];
    for (const one of this.queue.splice(0, mostOperations)) {
      try {
        operations.push(one.build(budgets));
        pending.push(one);
      } catch (error) {
        one.reject(error);
      }
    }
    return { pending, operations };
  }

  /** Tries until the server has answered, within the patience; a server that was down a moment ago is tried once. */
  private async send(
    operations: readonly Operation[],
    budgets: readonly BudgetSpec[],
    onUnknown: () => void,
  ): Promise<Answer> {
    this.batch += 1;
    const { batch } = this;
    const deadlineMs = performance.now() + (this.isDown ? 0 : this.options.patienceMs);
    let pauseMs = 25;
    for (;;) {
      let isSent = false;
      try {
        const client = await this.connectedSoon();
        isSent = true;
        const answer = await this.ask(client, batch, operations, budgets);
        this.isDown = false;
        return answer;
      } catch (error) {
        const failure = error instanceof TeelammaError ? 'refused' : failureOf(error);
        if (failure === 'lost') {
          if (isSent) onUnknown();
          this.drop();
        }
        if (failure === 'refused' || performance.now() + pauseMs > deadlineMs) {
          this.isDown = failure !== 'rolled-back';
          throw postgresError(error, this.location);
        }
        await delay(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(500, pauseMs * 2);
      }
    }
  }

  private async ask(
    client: Client,
    batch: number,
    operations: readonly Operation[],
    budgets: readonly BudgetSpec[],
  ): Promise<Answer> {
    const { clock } = this.ports;
    for (;;) {
      const { rows } = await client.query({
        name: 'apply',
        text: 'SELECT teelamma.apply($1, $2, $3, $4, $5, $6, $7) AS answer',
        values: [
          this.owner,
          batch,
          JSON.stringify(operations),
          JSON.stringify(budgetRules(budgets, clock.nowMs())),
          clock.givenMs(),
          this.options.graceMs,
          this.leaseFor(operations),
        ],
      });
      const answer = rows[0]?.['answer'] as Answer | { readonly otherPeriod: number };
      if (!('otherPeriod' in answer)) {
        clock.heard(answer.now);
        this.hasLease = answer.leased;
        return answer;
      }
      // A day, week or month of the calendar began on the server's clock: the rules are made anew for it.
      clock.heard(answer.otherPeriod);
    }
  }

  private leaseFor(operations: readonly Operation[]): 'off' | 'take' | 'use' {
    if (!this.options.lease) return 'off';
    return this.hasLease && operations.every(isLeasable) ? 'use' : 'take';
  }

  private async connectedSoon(): Promise<Client> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`no connection within ${connectionWaitMs / 1_000} s`);
      timer = setTimeout(() => reject(error), connectionWaitMs);
    });
    try {
      return await Promise.race([this.connected(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private connected(): Promise<Client> {
    if (this.client) return Promise.resolve(this.client);
    this.connecting ??= this.enter().finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async enter(): Promise<Client> {
    const { signal } = this.stop;
    const client = await connect(this.options.url, { timeoutMs: connectionTimeoutMs, signal });
    try {
      if (this.owner === null) await migrate(client);
      const { rows } = await client.query('SELECT teelamma.enter($1) AS owner', [this.ports.ownerKey]);
      this.owner = Number(rows[0]?.['owner']);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    this.client = client;
    const lost = () => {
      if (this.client !== client) return;
      this.client = null;
      // The lock went with it: it is taken again soon, before others take this owner for dead.
      this.retryLater(0);
    };
    client.on('end', lost);
    client.on('error', lost);
    return client;
  }

  private drop(): void {
    const { client } = this;
    this.client = null;
    client?.end().catch(() => undefined);
  }

  /** In the background, until the server is back or the ledger is closed. */
  private retryLater(waitMs = backgroundRetryMs * (0.5 + Math.random())): void {
    if (this.isClosed || this.retryTimer) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      if (this.isClosed) return;
      if (this.backlog.length > 0) this.startFlush();
      else if (this.owner !== null) this.connected().catch(() => this.retryLater());
    }, waitMs);
    this.retryTimer.unref();
  }
}

/** What can be done on a lease alone, where it suffices. */
function isLeasable(operation: Operation): boolean {
  if (operation.do === 'reserve') return operation['forced'] !== true;
  return operation.do === 'begin' || operation.do === 'settle' || operation.do === 'close';
}

/** What is written when the server is back, for an operation whose caller was told that it failed. */
function laterOf(operation: Operation, mayBeCommitted: boolean): Operation[] {
  switch (operation.do) {
    // Each of them changes nothing where it was done already.
    case 'settle':
    case 'close':
    case 'record':
    case 'cancel':
      return [operation];
    case 'reserve': {
      const turn = operation['turn'] as { readonly id: string } | null;
      return mayBeCommitted ? [{ do: 'cancel', id: operation['id'], turn: turn?.id ?? null }] : [];
    }
    case 'begin':
      return mayBeCommitted ? [{ do: 'cancel', id: null, turn: operation['id'] }] : [];
    default:
      return [];
  }
}
