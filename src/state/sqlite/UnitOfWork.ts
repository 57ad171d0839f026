import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TokenUsage } from '../../messages/token-usage.ts';
import { type Rates, ratesOf } from '../amounts.ts';
import { budgetStatus } from '../budget-status.ts';
import { isCurrentWindow, isUsd } from '../current-window.ts';
import type { BudgetSpec, BudgetStatus, FreeTurn, LedgerEvent, Scope } from '../Ledger.ts';
import { areUnscoped, counterOf, matchesScope } from '../scope.ts';
import {
  generatedId,
  type ReservationRow,
  type TurnAmounts,
  type TurnRow,
  turnState,
  type WindowRow,
} from './rows.ts';

/** Rows are kept from one transaction to the next up to this many turns. */
const mostRows = 1_000;

/**
 * The rows of one transaction. What is read is kept, what is touched is written back once by `flush`, however many operations
 * share the transaction. New rows are inserted at once, because their number is their id. One object serves all transactions of a
 * connection, one after the other: `start` forgets the rows of the one before, unless nobody else has written since.
 */
export class UnitOfWork {
  nowMs = 0;
  budgets: readonly BudgetSpec[] = [];
  events: LedgerEvent[] = [];
  /** Whether anything was written, so that listeners need to know. */
  isChanged = false;
  /** Whether every budget limits everything in one counter: then scopes need not be looked at. */
  isUnscoped = true;
  /** Whether every budget counts tokens one by one: then an amount is the same in all of them. */
  isPlain = true;

  private readonly sql: Statements;
  private readonly openWindows = new Map<string, WindowRow | null>();
  private readonly windows = new Map<number, WindowRow>();
  private readonly reservations = new Map<number, ReservationRow>();
  private readonly turns = new Map<number, TurnRow>();
  private readonly reservationsByOwnId = new Map<string, ReservationRow>();
  private readonly turnsByOwnId = new Map<string, TurnRow>();
  private readonly touchedWindows = new Set<WindowRow>();
  private readonly touchedReservations = new Set<ReservationRow>();
  private readonly lastSeq = new Map<string, number>();

  constructor(db: DatabaseSync) {
    this.sql = prepareStatements(db);
  }

  /** Begins anew. `areRowsCurrent`: nobody else has written since the rows were read, so that they need not be read again. */
  start(nowMs: number, budgets: readonly BudgetSpec[], areRowsCurrent = false): void {
    this.nowMs = nowMs;
    if (budgets !== this.budgets) {
      this.isUnscoped = areUnscoped(budgets);
      this.isPlain = budgets.every(({ counts }) => counts === undefined);
    }
    this.budgets = budgets;
    this.events = [];
    this.isChanged = false;
    this.touchedWindows.clear();
    this.touchedReservations.clear();
    if (areRowsCurrent && this.turns.size < mostRows) return;
    this.openWindows.clear();
    this.windows.clear();
    this.reservations.clear();
    this.reservationsByOwnId.clear();
    this.turns.clear();
    this.turnsByOwnId.clear();
  }

  /** After a rollback: windows that it started do not exist. */
  forget(): void {
    this.lastSeq.clear();
    this.start(this.nowMs, this.budgets);
  }

  /** Whether any budget was ever used or imported into. */
  isUsed(): boolean {
    return this.sql.anyWindow.get() !== undefined;
  }

  /** The latest window of a budget's counter that nobody ended, current or not. */
  openWindow(budget: string, counter: string): WindowRow | null {
    const key = windowKey(budget, counter);
    const known = this.openWindows.get(key);
    if (known !== undefined) return known;
    const seq = this.lastSeq.get(key);
    const cached = seq === undefined ? undefined : this.window(seq);
    const window = cached && !cached.ended ? cached : this.readOpenWindow(budget, counter);
    this.openWindows.set(key, window);
    return window;
  }

  /** The same for every counter of a budget. */
  openWindowsOf(budget: string): WindowRow[] {
    const rows = this.sql.readCounters.all(budget) as unknown as { readonly counter: string }[];
    return rows.flatMap(({ counter }) => this.openWindow(budget, counter) ?? []);
  }

  /** The current window of a budget's counter; starts one where there is none. */
  useWindow(spec: BudgetSpec, counter: string, startMs = this.nowMs): WindowRow {
    const open = this.openWindow(spec.name, counter);
    if (open && isCurrentWindow(spec, open, this.nowMs)) return open;
    if (open) this.endWindow(open);
    const inserted = this.sql.insertWindow.run(spec.name, counter, startMs, isUsd(spec) ? 1 : 0);
    const seq = Number(inserted.lastInsertRowid);
    const window = newWindow(seq, spec.name, counter, startMs, isUsd(spec));
    const key = windowKey(spec.name, counter);
    this.isChanged = true;
    this.windows.set(seq, window);
    this.openWindows.set(key, window);
    this.lastSeq.set(key, seq);
    return window;
  }

  /** The current window of every budget that limits what has this scope. */
  useWindows(scope: Scope | null): WindowRow[] {
    if (this.isUnscoped) return this.budgets.map((spec) => this.useWindow(spec, ''));
    return this.budgetsFor(scope).map((spec) => this.useWindow(spec, counterOf(spec, scope ?? {})));
  }

  /** What a token of the model counts in each budget that limits this scope, in the order of `useWindows`; null where one in all. */
  ratesFor(scope: Scope | null, model: string | undefined): (Rates | null)[] | null {
    if (this.isPlain) return null;
    const rates = this.budgetsFor(scope).map((spec) => ratesOf(spec.counts, model, this.nowMs));
    return rates.every((one) => one === null) ? null : rates;
  }

  /** Written at once: the next window of the budget may only be inserted after it. */
  endWindow(window: WindowRow): void {
    window.ended = true;
    this.sql.endWindow.run(window.seq);
    this.openWindows.set(windowKey(window.budget, window.counter), null);
    this.isChanged = true;
  }

  window(seq: number): WindowRow | null {
    const known = this.windows.get(seq);
    if (known) return known;
    const row = this.sql.readWindow.get(seq);
    return row ? this.keepWindow(row as unknown as WindowColumns) : null;
  }

  reservation(seq: number): ReservationRow | null {
    const known = this.reservations.get(seq);
    if (known) return known;
    return this.readReservation(this.sql.readReservation.get(seq));
  }

  findReservation(id: string): ReservationRow | null {
    const seq = generatedId.seqOf('r', id);
    if (seq === null) {
      return this.reservationsByOwnId.get(id) ?? this.readReservation(this.sql.findReservation.get(id));
    }
    const row = this.reservation(seq);
    return row?.ownId === null ? row : null;
  }

  turn(seq: number): TurnRow | null {
    const known = this.turns.get(seq);
    if (known) return known;
    return this.readTurn(this.sql.readTurn.get(seq));
  }

  findTurn(id: string): TurnRow | null {
    const seq = generatedId.seqOf('t', id);
    if (seq === null) {
      return this.turnsByOwnId.get(id) ?? this.readTurn(this.sql.findTurn.get(id));
    }
    const row = this.turn(seq);
    return row?.ownId === null ? row : null;
  }

  addReservation(row: Omit<ReservationRow, 'seq'>): ReservationRow {
    const { ownId, owner, scope, windows, taskId, kind, forced, grantedTokens, unsentTokens, createdAtMs } =
      row;
    const inserted = this.sql.insertReservation.run(
      ownId,
      owner,
      windows.join(),
      taskId,
      kind,
      forced ? 1 : 0,
      grantedTokens,
      unsentTokens,
      createdAtMs,
      scope && JSON.stringify(scope),
    );
    const reservation = { ...row, seq: Number(inserted.lastInsertRowid) };
    this.isChanged = true;
    return this.keepReservation(reservation);
  }

  addTurn(ownId: string | null, reservation: number, holdTokens: number, model: string): TurnRow {
    const inserted = this.sql.insertTurn.run(ownId, reservation, model, holdTokens, this.nowMs);
    const seq = Number(inserted.lastInsertRowid);
    const turn: TurnRow = {
      seq,
      ownId,
      reservation,
      holdTokens,
      state: turnState.inFlight,
      chargedTokens: 0,
      amounts: null,
    };
    this.isChanged = true;
    return this.keepTurn(turn);
  }

  /** Apart from the rest of a turn's row, which nearly always has none. */
  writeAmounts(turn: TurnRow, amounts: TurnAmounts): void {
    turn.amounts = amounts;
    this.sql.updateTurnAmounts.run(JSON.stringify(amounts), turn.seq);
  }

  addFreeTurn(turn: FreeTurn, scope: Scope | null): void {
    const { usage } = turn;
    this.sql.insertFreeTurn.run(
      turn.turnId,
      turn.model,
      this.nowMs - turn.latencyMs,
      this.nowMs,
      usage.inputTokens,
      usage.cacheCreationInputTokens,
      usage.cacheReadInputTokens,
      usage.outputTokens,
      turn.latencyMs,
      turn.taskId,
      turn.kind,
      turn.agent,
      scope && JSON.stringify(scope),
    );
    this.isChanged = true;
  }

  /** Writes a turn's new state at once: it changes once or twice in its life. */
  writeOutcome(
    turn: TurnRow,
    outcome: {
      readonly usage: TokenUsage | null;
      readonly latencyMs: number | null;
      readonly reason: string | null;
    },
  ): void {
    const { usage, latencyMs, reason } = outcome;
    this.sql.updateTurn.run(
      turn.state,
      turn.chargedTokens,
      this.nowMs,
      usage?.inputTokens ?? null,
      usage?.cacheCreationInputTokens ?? null,
      usage?.cacheReadInputTokens ?? null,
      usage?.outputTokens ?? null,
      usage?.cacheCreation5mInputTokens ?? null,
      latencyMs,
      reason,
      turn.seq,
    );
    this.isChanged = true;
  }

  /** `amounts`: what the tokens are in each window; null where one each. */
  addCharge(
    tokens: number,
    windows: readonly WindowRow[],
    source: 'charge' | 'import',
    amounts: readonly number[] | null,
  ): void {
    const seqs = windows.map((window) => window.seq).join();
    this.sql.insertCharge.run(this.nowMs, tokens, seqs, source, amounts && JSON.stringify(amounts));
    this.isChanged = true;
  }

  /** Marks a row as changed, to be written by `flush`. */
  touchWindow(row: WindowRow): void {
    this.touchedWindows.add(row);
  }

  touchReservation(row: ReservationRow): void {
    this.touchedReservations.add(row);
  }

  flush(): void {
    for (const row of this.touchedReservations) {
      this.isChanged = true;
      this.sql.updateReservation.run(
        row.unsentTokens,
        row.chargedTokens,
        row.turns,
        row.closedAtMs,
        row.isWholeTask === null ? null : Number(row.isWholeTask),
        row.seq,
      );
      if (row.unsentAmounts) this.sql.updateUnsentAmounts.run(JSON.stringify(row.unsentAmounts), row.seq);
    }
    for (const row of this.touchedWindows) {
      this.isChanged = true;
      this.sql.updateWindow.run(
        row.settledTokens,
        row.heldTokens,
        row.forcedTokens,
        row.firedPercent,
        row.seq,
      );
    }
  }

  /** The budgets that limit what has this scope, as this transaction sees them now. */
  status(scope: Scope | null): readonly BudgetStatus[] {
    if (this.isUnscoped && this.isPlain) {
      return this.budgets.map((spec) => budgetStatus(spec, this.openWindow(spec.name, ''), this.nowMs));
    }
    return this.budgetsFor(scope).map((spec) => {
      const counter = counterOf(spec, scope ?? {});
      return budgetStatus(spec, this.openWindow(spec.name, counter), this.nowMs, counter, scope?.model);
    });
  }

  /** Every budget, and each of its counters that is in use. */
  statusOfAll(): readonly BudgetStatus[] {
    if (this.isUnscoped) return this.status(null);
    return this.budgets.flatMap((spec) => {
      if (spec.each === undefined) return budgetStatus(spec, this.openWindow(spec.name, ''), this.nowMs);
      const windows = this.openWindowsOf(spec.name).filter((one) => isCurrentWindow(spec, one, this.nowMs));
      if (windows.length === 0) return budgetStatus(spec, null, this.nowMs);
      return windows.map((window) => budgetStatus(spec, window, this.nowMs));
    });
  }

  private budgetsFor(scope: Scope | null): readonly BudgetSpec[] {
    return this.budgets.filter((spec) => matchesScope(spec, scope ?? {}));
  }

  private readOpenWindow(budget: string, counter: string): WindowRow | null {
    const row = this.sql.readOpenWindow.get(budget, counter);
    if (!row) return null;
    const window = this.keepWindow(row as unknown as WindowColumns);
    this.lastSeq.set(windowKey(budget, counter), window.seq);
    return window;
  }

  // A row that is held already is the truth of this transaction, and what was read may be older: each row is one object.

  private keepWindow(row: WindowColumns): WindowRow {
    const known = this.windows.get(row.seq);
    if (known) return known;
    const window: WindowRow = {
      ...newWindow(row.seq, row.budget, row.counter, row.start_ms, row.is_usd === 1),
      ended: row.ended === 1,
      settledTokens: row.settled,
      heldTokens: row.held,
      forcedTokens: row.forced,
      firedPercent: row.fired_percent,
    };
    this.windows.set(window.seq, window);
    return window;
  }

  private readReservation(columns: unknown): ReservationRow | null {
    if (columns === undefined) return null;
    const row = columns as ReservationColumns;
    const known = this.reservations.get(row.seq);
    if (known) return known;
    const reservation: ReservationRow = {
      seq: row.seq,
      ownId: row.own_id,
      owner: row.owner,
      scope: row.scope === null ? null : parseScope(row.scope),
      windows: windowList(row.windows),
      taskId: row.task_id,
      kind: row.kind,
      forced: row.forced === 1,
      createdAtMs: row.created_ms,
      grantedTokens: row.granted,
      unsentTokens: row.unsent,
      unsentAmounts: row.unsent_amounts === null ? null : (JSON.parse(row.unsent_amounts) as number[]),
      chargedTokens: row.charged,
      turns: row.turns,
      closedAtMs: row.closed_ms,
      isWholeTask: row.whole_task === null ? null : row.whole_task === 1,
    };
    return this.keepReservation(reservation);
  }

  private readTurn(columns: unknown): TurnRow | null {
    if (columns === undefined) return null;
    const row = columns as TurnColumns;
    const known = this.turns.get(row.seq);
    if (known) return known;
    const turn: TurnRow = {
      seq: row.seq,
      ownId: row.own_id,
      reservation: row.reservation,
      holdTokens: row.hold,
      state: row.state,
      chargedTokens: row.charged,
      amounts: row.amounts === null ? null : (JSON.parse(row.amounts) as TurnAmounts),
    };
    return this.keepTurn(turn);
  }

  private keepReservation(row: ReservationRow): ReservationRow {
    this.reservations.set(row.seq, row);
    if (row.ownId !== null) this.reservationsByOwnId.set(row.ownId, row);
    return row;
  }

  private keepTurn(row: TurnRow): TurnRow {
    this.turns.set(row.seq, row);
    if (row.ownId !== null) this.turnsByOwnId.set(row.ownId, row);
    return row;
  }
}

/** Window numbers as they are stored, `3,7`. */
export function windowList(stored: string): number[] {
  return stored === '' ? [] : stored.split(',').map(Number);
}

/** A scope as it is stored, JSON that only the ledger writes. */
export function parseScope(stored: string): Scope {
  return JSON.parse(stored) as Scope;
}

/** Budget names have no line breaks, so no two counters share a key. */
function windowKey(budget: string, counter: string): string {
  return counter === '' ? budget : `${budget}\n${counter}`;
}

function newWindow(
  seq: number,
  budget: string,
  counter: string,
  startMs: number,
  isUsdWindow: boolean,
): WindowRow {
  return {
    seq,
    budget,
    counter,
    startMs,
    isUsd: isUsdWindow,
    ended: false,
    settledTokens: 0,
    heldTokens: 0,
    forcedTokens: 0,
    firedPercent: 0,
  };
}

interface WindowColumns {
  readonly seq: number;
  readonly budget: string;
  readonly counter: string;
  readonly start_ms: number;
  readonly ended: number;
  readonly settled: number;
  readonly held: number;
  readonly forced: number;
  readonly fired_percent: number;
  readonly is_usd: number;
}

interface ReservationColumns {
  readonly seq: number;
  readonly own_id: string | null;
  readonly owner: number;
  readonly scope: string | null;
  readonly windows: string;
  readonly task_id: string;
  readonly kind: string;
  readonly forced: number;
  readonly granted: number;
  readonly unsent: number;
  readonly unsent_amounts: string | null;
  readonly charged: number;
  readonly turns: number;
  readonly created_ms: number;
  readonly closed_ms: number | null;
  readonly whole_task: number | null;
}

interface TurnColumns {
  readonly seq: number;
  readonly own_id: string | null;
  readonly reservation: number | null;
  readonly hold: number;
  readonly state: TurnRow['state'];
  readonly charged: number;
  readonly amounts: string | null;
}

type Statements = Record<keyof typeof statementTexts, StatementSync>;

const turnColumns = 'seq, own_id, reservation, hold, state, charged, amounts';

const statementTexts = {
  anyWindow: 'SELECT 1 FROM budget_window LIMIT 1',
  readWindow: 'SELECT * FROM budget_window WHERE seq = ?',
  readOpenWindow: 'SELECT * FROM budget_window WHERE budget = ? AND counter = ? AND ended = 0',
  readCounters: 'SELECT counter FROM budget_window WHERE budget = ? AND ended = 0 ORDER BY counter',
  insertWindow: 'INSERT INTO budget_window (budget, counter, start_ms, is_usd) VALUES (?, ?, ?, ?)',
  endWindow: 'UPDATE budget_window SET ended = 1 WHERE seq = ?',
  updateWindow: 'UPDATE budget_window SET settled = ?, held = ?, forced = ?, fired_percent = ? WHERE seq = ?',
  readReservation: 'SELECT * FROM reservation WHERE seq = ?',
  findReservation: 'SELECT * FROM reservation WHERE own_id = ?',
  insertReservation: `INSERT INTO reservation
    (own_id, owner, windows, task_id, kind, forced, granted, unsent, created_ms, scope)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateReservation: `UPDATE reservation
    SET unsent = ?, charged = ?, turns = ?, closed_ms = ?, whole_task = ? WHERE seq = ?`,
  updateUnsentAmounts: 'UPDATE reservation SET unsent_amounts = ? WHERE seq = ?',
  readTurn: `SELECT ${turnColumns} FROM turn WHERE seq = ?`,
  findTurn: `SELECT ${turnColumns} FROM turn WHERE own_id = ?`,
  insertTurn: `INSERT INTO turn (own_id, reservation, model, state, hold, started_ms)
    VALUES (?, ?, ?, ${turnState.inFlight}, ?, ?)`,
  insertFreeTurn: `INSERT INTO turn (own_id, model, state, hold, started_ms, settled_ms, input, cache_creation, cache_read,
      output, latency_ms, free_task_id, free_kind, free_agent, free_scope)
    VALUES (?, ?, ${turnState.settled}, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  updateTurn: `UPDATE turn SET state = ?, charged = ?, settled_ms = ?, input = ?, cache_creation = ?, cache_read = ?,
      output = ?, cache_creation_5m = ?, latency_ms = ?, reason = ? WHERE seq = ?`,
  updateTurnAmounts: 'UPDATE turn SET amounts = ? WHERE seq = ?',
  insertCharge: 'INSERT INTO charge (at_ms, tokens, windows, source, amounts) VALUES (?, ?, ?, ?, ?)',
} as const;

function prepareStatements(db: DatabaseSync): Statements {
  const entries = Object.entries(statementTexts).map(([name, text]) => [name, db.prepare(text)]);
  return Object.fromEntries(entries) as Statements;
}
