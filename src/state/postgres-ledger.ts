import type { Pool } from 'pg';
import { TeelammaError } from '../errors.ts';
import { chargedTokens } from '../messages/token-usage.ts';
import { budgetStatus } from './budget-status.ts';
import { invalid, requireAmounts, requireUsage } from './check-arguments.ts';
import {
  type BudgetSpec,
  type BudgetStatus,
  CHARGED_AGENT,
  type Ledger,
  type LedgerEvent,
  type RecoveryReport,
  type Refusal,
  type ReserveResult,
  type Scope,
} from './Ledger.ts';
import { LedgerEvents } from './LedgerEvents.ts';
import { audit } from './postgres/audit.ts';
import { countersFor, countsFor, countsOfAll } from './postgres/budget-rules.ts';
import { connect, connectionConfig, migrate } from './postgres/connection.ts';
import { ledgerLocation } from './postgres/location.ts';
import { failureOf, postgresError } from './postgres/postgres-errors.ts';
import { history, readWindows, recentOutputTokens, settledTasks, windows } from './postgres/queries.ts';
import { ServerClock } from './postgres/ServerClock.ts';
import { sumUp } from './postgres/sum-up.ts';
import { readTask, readTasks, writeTask } from './postgres/tasks.ts';
import { readUsage } from './postgres/usage.ts';
import { toSums, WindowView } from './postgres/WindowView.ts';
import { type Answer, type Operation, type OperationResult, Writer } from './postgres/Writer.ts';
import { RunningCalls } from './RunningCalls.ts';
import { mergeScopes } from './scope.ts';
import { taskColumns } from './task-columns.ts';
import { planUsage } from './usage/plan-usage.ts';

export interface PostgresLedgerOptions {
  /** `postgres://user:password@host:port/database`. Its password appears in no message. */
  readonly url: string;
  /** Read anew for each call, so limits may change while the ledger is open. */
  readonly budgets: () => readonly BudgetSpec[];
  /** What everything done through this object has in common. Default: nothing is known. */
  readonly scope?: Scope;
  /** Longest time that a call is tried again while the server cannot be reached or is locked. Default 5,000 ms. */
  readonly patienceMs?: number;
  /** How long after the server's start nobody is taken for dead, so that those who live can come back. Default 15,000 ms. */
  readonly graceMs?: number;
  /**
   * Whether this object takes slices of what remains and works on them, so that it does not wait for others at a hot budget. Changes
   * nothing of what is granted, durable or shown. Objects with and without may share a database. Default true.
   */
  readonly lease?: boolean;
}

export interface PostgresLedgerPorts {
  /** Unique over all machines. */
  readonly newId: () => string;
  /** In place of the server's clock, for tests that move time. */
  readonly nowMs?: () => number;
}

/**
 * The ledger of a team: a Postgres database that processes on many machines share, on the server's clock. The server is first asked by
 * the first call that needs it. While it cannot be reached, calls fail with `state-unwritable` or `ledger-busy`, and no tokens are
 * granted. Every call that changes something costs one round trip, or a part of one where calls come together.
 *
 * @example
 * await using ledger = openPostgresLedger(
 *   { url: 'postgres://teelamma@db.example/teelamma', budgets: () => [dailyBudget] },
 *   { newId: randomUUID },
 * );
 */
export function openPostgresLedger(options: PostgresLedgerOptions, ports: PostgresLedgerPorts): Ledger {
  return new PostgresLedger(options, ports);
}

/** Shortest time between two searches for the dead because of a refusal. */
const searchEveryMs = 250;

class PostgresLedger implements Ledger {
  private readonly options: Required<PostgresLedgerOptions>;
  private readonly newId: () => string;
  private readonly location: string;
  private readonly clock: ServerClock;
  private readonly view = new WindowView();
  private readonly writer: Writer;
  private readonly events = new LedgerEvents();
  private readonly calls = new RunningCalls();
  private pool: Promise<Pool> | null = null;
  private isClosed = false;
  private closing: Promise<void> | null = null;
  private isRecovered = false;
  private searchedAtMs = Number.NEGATIVE_INFINITY;
  private recovery: Promise<RecoveryReport> | null = null;

  constructor(options: PostgresLedgerOptions, ports: PostgresLedgerPorts) {
    this.options = { scope: {}, patienceMs: 5_000, graceMs: 15_000, lease: true, ...options };
    this.newId = ports.newId;
    this.location = ledgerLocation(options.url);
    this.clock = new ServerClock(ports.nowMs);
    this.writer = new Writer(this.options, {
      ownerKey: ports.newId(),
      clock: this.clock,
      onAnswer: (answer) => this.heard(answer),
    });
  }

  async reserve(request: Parameters<Ledger['reserve']>[0]): Promise<ReserveResult> {
    const { atLeastTokens, inputTokens, forced = false, firstTurn } = request;
    const atMostTokens = request.atMostTokens ?? atLeastTokens;
    requireAmounts(atLeastTokens, atMostTokens, inputTokens);
    requireOwnId('reservationId', request.reservationId);
    requireOwnId('turnId', firstTurn?.turnId);
    const scope = mergeScopes(
      this.scopeOf(request.scope) ?? undefined,
      firstTurn && { model: firstTurn.model },
    );
    // Chosen here, also where the caller leaves it to the ledger: a call whose answer is lost can be asked about by it.
    const operation = {
      do: 'reserve',
      id: request.reservationId ?? this.newId(),
      task: request.taskId,
      kind: request.kind,
      agent: CHARGED_AGENT,
      scope,
      atLeast: atLeastTokens,
      atMost: atMostTokens,
      ...(inputTokens !== undefined && { input: inputTokens }),
      forced,
      turn: firstTurn
        ? {
            id: firstTurn.turnId ?? this.newId(),
            named: firstTurn.turnId !== undefined,
            model: firstTurn.model,
          }
        : null,
    };
    this.recoverFirst();
    const result = await this.afterRecovery(() =>
      this.write((budgets) => ({
        ...operation,
        counters: countersFor(budgets, scope),
        ...countsFor(budgets, scope, { model: scope?.model, inputTokens }, this.clock.nowMs()),
      })),
    );
    const { reservation, turn } = result;
    if (!reservation) return this.refusal(result, scope);
    return {
      granted: true,
      reservation: {
        id: reservation.id,
        taskId: reservation.task_id,
        kind: reservation.kind,
        grantedTokens: reservation.granted,
        forced: reservation.forced,
        createdAtMs: reservation.created_ms,
      },
      ...(turn && { firstTurn: { turnId: turn.id, heldTokens: turn.hold } }),
      budgets: this.statusFor(reservation.scope),
    };
  }

  async beginTurn(request: Parameters<Ledger['beginTurn']>[0]): ReturnType<Ledger['beginTurn']> {
    const {
      reservationId,
      turnId,
      atLeastTokens,
      atMostTokens,
      inputTokens,
      keepTokens = 0,
      model,
    } = request;
    requireAmounts(atLeastTokens, atMostTokens, inputTokens);
    requireAmounts(keepTokens);
    requireOwnId('turnId', turnId);
    const operation = {
      do: 'begin',
      id: turnId ?? this.newId(),
      reservation: reservationId,
      agent: CHARGED_AGENT,
      model,
      atLeast: atLeastTokens,
      atMost: atMostTokens,
      keep: keepTokens,
      ...(inputTokens !== undefined && { input: inputTokens }),
    };
    const result = await this.afterRecovery(() =>
      this.write((budgets) => ({
        ...operation,
        ...countsOfAll(budgets, { model, inputTokens }, this.clock.nowMs()),
      })),
    );
    if (result.invalid === 'no-reservation') {
      throw invalid(`There is no reservation ${reservationId}. Reserve before beginning a turn.`);
    }
    const scope = result.scope ?? null;
    if (!result.turn) return this.refusal(result, scope);
    const { id, hold } = result.turn;
    return { granted: true, turnId: id, heldTokens: hold, budgets: this.statusFor(scope) };
  }

  async settleTurn(...[turnId, outcome]: Parameters<Ledger['settleTurn']>): ReturnType<Ledger['settleTurn']> {
    const operation: Operation = {
      do: 'settle',
      id: turnId,
      outcome: outcome.kind,
      ...outcomeFields(outcome),
    };
    const { changed = false, charged = 0, hold = 0, scope } = await this.write(() => operation);
    const aboveHoldTokens = Math.max(0, charged - hold);
    return { changed, chargedTokens: charged, aboveHoldTokens, budgets: this.statusFor(scope ?? null) };
  }

  async recordTurn(turn: Parameters<Ledger['recordTurn']>[0]): Promise<void> {
    requireUsage(turn.usage);
    requireOwnId('turnId', turn.turnId);
    const { turnId: id, taskId: task, kind, agent, model, latencyMs: latency } = turn;
    const usage = usageList(turn.usage);
    const scope = this.scopeOf(turn.scope);
    await this.write(() => ({ do: 'record', id, task, kind, agent, model, usage, latency, scope }));
  }

  async close(...[reservationId, closing]: Parameters<Ledger['close']>): Promise<void> {
    await this.write(() => ({ do: 'close', id: reservationId, whole: closing?.isWholeTask ?? true }));
  }

  async importUsage(usage: Parameters<Ledger['importUsage']>[0]): Promise<boolean> {
    const { budgetName: budget, usedTokens: tokens, resetAtMs: resetAt } = usage;
    requireAmounts(tokens);
    const build = (budgets: readonly BudgetSpec[]) => {
      requireBudget(budgets, budget);
      return { do: 'import', budget, tokens, resetAt, counters: [[budget, '']] };
    };
    return (await this.calls.track(this.open().run(build))) === true;
  }

  async charge(tokens: number, given?: Scope): Promise<readonly BudgetStatus[]> {
    requireAmounts(tokens);
    const scope = this.scopeOf(given);
    if (tokens === 0) return this.status(given ?? {});
    await this.write((budgets) => ({
      do: 'charge',
      tokens,
      counters: countersFor(budgets, scope),
      ...countsFor(budgets, scope, { model: scope?.model }, this.clock.nowMs()),
    }));
    return this.statusFor(scope);
  }

  /** Concurrent calls of one process share one search. */
  recover(): Promise<RecoveryReport> {
    this.recovery ??= this.findAndResolveDead().finally(() => {
      this.recovery = null;
    });
    return this.recovery;
  }

  async reset(budgetName?: string): Promise<void> {
    await this.write((budgets) => {
      if (budgetName !== undefined) requireBudget(budgets, budgetName);
      const names = budgets
        .map(({ name }) => name)
        .filter((name) => budgetName === undefined || name === budgetName);
      return { do: 'reset', budgets: names };
    });
  }

  async status(scope?: Scope): Promise<readonly BudgetStatus[]> {
    const read = await this.read(readWindows);
    this.clock.heard(read.now);
    this.view.update(read.windows);
    return this.snapshot(scope);
  }

  /** As of the last round trip; before the first one, nothing remains. */
  snapshot(scope?: Scope): readonly BudgetStatus[] {
    if (scope) return this.statusFor(this.scopeOf(scope));
    return this.view.statusOfAll(this.options.budgets(), this.clock.nowMs());
  }

  async settledTasks(
    ...[kind, limit]: Parameters<Ledger['settledTasks']>
  ): ReturnType<Ledger['settledTasks']> {
    return this.read((pool) => settledTasks(pool, kind, limit));
  }

  async recentOutputTokens(kind: string, limit: number): Promise<readonly number[]> {
    return this.read((pool) => recentOutputTokens(pool, kind, limit));
  }

  async history(query: Parameters<Ledger['history']>[0]): ReturnType<Ledger['history']> {
    return this.read((pool) => history(pool, query));
  }

  async windows(query: Parameters<Ledger['windows']>[0]): ReturnType<Ledger['windows']> {
    return this.read((pool) => windows(pool, query));
  }

  /** Past the queue of writes: it stands by itself, and a repeated one changes nothing. */
  async recordTask(task: Parameters<Ledger['recordTask']>[0]): Promise<void> {
    const columns = taskColumns(task, this.scopeOf(undefined));
    await this.read((pool) => writeTask(pool, columns));
  }

  async task(taskId: string): ReturnType<Ledger['task']> {
    return this.read((pool) => readTask(pool, taskId));
  }

  async tasks(query: Parameters<Ledger['tasks']>[0]): ReturnType<Ledger['tasks']> {
    return this.read((pool) => readTasks(pool, query));
  }

  async usage(query: Parameters<Ledger['usage']>[0]): ReturnType<Ledger['usage']> {
    const plan = planUsage(query);
    return this.read(async (pool) => {
      await sumUp(pool, plan, Number.POSITIVE_INFINITY);
      return readUsage(pool, plan);
    });
  }

  async sumUp(query: Parameters<Ledger['sumUp']>[0], forMs: number): ReturnType<Ledger['sumUp']> {
    const plan = planUsage(query);
    return this.read((pool) => sumUp(pool, plan, forMs));
  }

  /** Also answers for a server that cannot be reached: then the problem says why. */
  async check(): ReturnType<Ledger['check']> {
    const { location } = this;
    try {
      const problems = await this.read((pool) => audit(pool, location));
      return { ok: problems.length === 0, location, problems };
    } catch (error) {
      if (!(error instanceof TeelammaError)) throw error;
      return { ok: false, location, problems: [error.message] };
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
    try {
      if (this.writer.hasEntered) {
        await this.writer.run(() => ({ do: 'leave', reason: 'the ledger was closed before it was settled' }));
      }
    } finally {
      await this.writer.close();
      const pool = await this.pool?.catch(() => null);
      await pool?.end();
      this.events.clear();
    }
  }

  private open(): Writer {
    if (this.isClosed) throw new TeelammaError('invalid-argument', `The ledger ${this.location} was closed.`);
    return this.writer;
  }

  private async write(build: (budgets: readonly BudgetSpec[]) => Operation): Promise<OperationResult> {
    const result = (await this.calls.track(this.open().run(build))) as OperationResult;
    if (result.invalid === 'turn-taken') {
      throw invalid('The turn id is taken by an earlier turn. Give each turn an id of its own.');
    }
    return result;
  }

  /** Reads go their own way and do not wait for writes; a lost connection is made anew once. */
  private async read<T>(query: (pool: Pool) => Promise<T>): Promise<T> {
    this.open();
    const attempt = async () => {
      this.pool ??= openPool(this.options.url).catch((error: unknown) => {
        this.pool = null;
        throw error;
      });
      return query(await this.pool);
    };
    try {
      return await this.calls.track(
        attempt().catch((error: unknown) => {
          if (failureOf(error) === 'refused' || error instanceof TeelammaError) throw error;
          return attempt();
        }),
      );
    } catch (error) {
      throw postgresError(error, this.location);
    }
  }

  private heard(answer: Answer): void {
    this.view.update(answer.windows, answer.keys);
    if (!answer.changed) return;
    const budgets = this.options.budgets();
    this.events.emit({ type: 'changed', budgets: this.snapshot() });
    for (const event of answer.events) {
      if (event.type === 'usage-above-hold') {
        const { turnId, held: heldTokens, charged } = event;
        this.events.emit({ type: 'usage-above-hold', turnId, heldTokens, chargedTokens: charged });
        continue;
      }
      const spec = budgets.find(({ name }) => name === event.window.budget);
      if (!spec) continue;
      const budget = budgetStatus(spec, toSums(event.window), answer.now);
      this.events.emit({ type: 'threshold', budget, percent: event.percent });
    }
  }

  /** Before this object's first hold: what dead processes left does not count. It stands before the reservation in the same batch. */
  private recoverFirst(): void {
    if (this.isRecovered) return;
    this.isRecovered = true;
    this.recover().catch(() => {
      this.isRecovered = false;
    });
  }

  /** Where only holds stand in the way of a grant, frees those of dead processes and asks once more. */
  private async afterRecovery(ask: () => Promise<OperationResult>): Promise<OperationResult> {
    const result = await ask();
    if (result.cause !== 'held' || performance.now() - this.searchedAtMs < searchEveryMs) return result;
    const { releasedTokens } = await this.recover();
    return releasedTokens > 0 ? ask() : result;
  }

  private async findAndResolveDead(): Promise<RecoveryReport> {
    this.searchedAtMs = performance.now();
    const reason = 'its process ended, or lost its connection, before it was settled';
    const report = (await this.calls.track(
      this.open().run(() => ({ do: 'recover', reason })),
    )) as RecoveryReport;
    if (report.deadOwners > 0) this.events.emit({ type: 'recovered', report });
    return report;
  }

  private refusal(
    { remaining = 0, binding = '', cause = 'spent' }: OperationResult,
    scope: Scope | null,
  ): Refusal {
    const budgets = this.statusFor(scope);
    return { granted: false, remainingTokens: remaining, bindingBudget: binding, cause, budgets };
  }

  private statusFor(scope: Scope | null): readonly BudgetStatus[] {
    return this.view.statusFor(this.options.budgets(), scope, this.clock.nowMs());
  }

  private scopeOf(given: Scope | undefined): Scope | null {
    return mergeScopes(given, this.options.scope);
  }
}

/** Two connections for reads, made when they are needed. The database is brought to this version's schema first. */
async function openPool(url: string): Promise<Pool> {
  const client = await connect(url);
  try {
    await migrate(client);
  } finally {
    await client.end().catch(() => undefined);
  }
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ ...connectionConfig(url), max: 2, idleTimeoutMillis: 10_000 });
  // An idle connection that is lost is replaced by the next query.
  pool.on('error', () => undefined);
  return pool;
}

function outcomeFields(outcome: Parameters<Ledger['settleTurn']>[1]): Readonly<Record<string, unknown>> {
  if (outcome.kind !== 'usage') return { reason: outcome.reason };
  requireUsage(outcome.usage);
  const { usage, latencyMs = null } = outcome;
  return { usage: usageList(usage), charged: chargedTokens(usage), latency: latencyMs };
}

function usageList(usage: Parameters<typeof chargedTokens>[0]): readonly number[] {
  const { inputTokens, cacheCreationInputTokens, cacheReadInputTokens, outputTokens } = usage;
  const for5m = usage.cacheCreation5mInputTokens;
  return [
    inputTokens,
    cacheCreationInputTokens,
    cacheReadInputTokens,
    outputTokens,
    ...(for5m === undefined ? [] : [for5m]),
  ];
}

function requireBudget(budgets: readonly BudgetSpec[], name: string): void {
  if (budgets.some((spec) => spec.name === name)) return;
  const names = budgets.map((spec) => spec.name).join(', ') || 'none';
  throw invalid(`There is no budget "${name}". Configured: ${names}.`);
}

/** @throws TeelammaError `invalid-argument` for an empty id; `undefined` is none. */
function requireOwnId(field: string, id: string | undefined): void {
  if (id === '') throw invalid(`The ${field} is empty. Use, for example, a UUID.`);
}
