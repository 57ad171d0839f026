import type { Counting } from '../config/prices/Counting.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import type { HoldRates } from './amounts.ts';
import type { TaskQuery, TaskRecord } from './TaskRecord.ts';
import type { UsageQuery, UsageRow } from './usage/UsageQuery.ts';

/**
 * The ledger: the durable record that budgets are computed from, and the only place that says what was used.
 *
 * A reservation holds tokens in the current window of every budget that matches its scope (all or none). Its turns are single model calls:
 *
 *     reserve ── beginTurn ──> in flight ── settleTurn(usage) ──────> settled     usage replaces the hold
 *        │                        │────── settleTurn(not-charged) ──> released    the provider refused it: the hold is free again
 *        │                        └────── settleTurn(unknown) ──────> assumed     stays charged at the hold; a later
 *        │                                                                        settleTurn(usage) may still replace it, once
 *        └─ close: what no turn holds is freed.
 *
 * What a turn held and did not use goes back to its reservation while that is open, up to what the reservation was granted less what
 * its turns were charged, so that others cannot take what a running task still needs; the rest goes to the budgets at once, and so
 * does all of a forced reservation, which is never refused. Where nothing more is to come, `close` before `settleTurn`: then all of it goes to the budgets. Calls made in the same tick share a
 * transaction, so both together cost one commit; each of them still stands or falls alone.
 *
 * A process that dies is found by `recover`: its turns in flight become `assumed`, its unsent holds are freed. Disposing of a ledger does
 * the same to what this ledger object still has open, since nobody is left to settle it; later usage of such a turn still counts.
 *
 * Invariant, at every commit, for every window: `settled + held <= limit`, except for tokens of forced reservations (counted in
 * `overdraftTokens`), tokens put in with `charge`, usage that a provider reported above its hold, and a limit that was lowered.
 * All token amounts are integers >= 0; all times are epoch milliseconds of the ledger's clock.
 *
 * A budget counts in a unit of its own: tokens one by one, tokens by weights, or micro-dollars. Its limit and its sums (`BudgetSpec`,
 * `BudgetStatus`) are in that unit; requests, grants, holds and charges of reservations and turns are tokens, as Claude counts them. A
 * turn holds in each budget the most that it can count there, and is charged what its usage counts by the rates that it was held with.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Holds tokens in every budget that matches the scope, all or none. Durable when it resolves. Never throws for an ordinary refusal. Starts a window in
   * each budget that has none.
   * @throws TeelammaError `invalid-argument`, `ledger-busy`, `state-unwritable`, `state-corrupt`; nothing is held then.
   */
  reserve(request: ReserveRequest): Promise<ReserveResult>;
  /**
   * Marks tokens as in flight, before anything is sent. Takes the reservation's free tokens first (but for `keepTokens`) and, where they
   * do not suffice, extends the reservation in its windows, all or none, in the same transaction. Refuses where the reservation's window has
   * passed. The grant is as much as fits between `atLeastTokens` and `atMostTokens`.
   */
  beginTurn(request: BeginTurnRequest): Promise<BeginTurnResult>;
  /** Replaces a turn's hold by its outcome; what it gives back refills its reservation first. Settling twice is settling once: the second call changes nothing. */
  settleTurn(turnId: string, outcome: TurnOutcome): Promise<SettleResult>;
  /** Records a turn that no budget pays for (Ollama), for the history. */
  recordTurn(turn: FreeTurn): Promise<void>;
  /** Frees what no turn holds. Turns in flight keep their hold, and what they give back goes to the budgets. Closing twice is closing once. */
  close(reservationId: string, closing?: Closing): Promise<void>;
  /**
   * Takes over what an older installation used, once in a ledger's life: true where it did, false where the ledger was used or
   * imported into before, where that window has passed, or where the budget counts no tokens.
   */
  importUsage(usage: ImportedUsage): Promise<boolean>;
  /**
   * Charges tokens that were spent outside of any reservation; always succeeds, also past the limit. `scope` as in `ReserveRequest`. Nobody
   * says of which kind they are, so each counts as the dearest one.
   */
  charge(tokens: number, scope?: Scope): Promise<readonly BudgetStatus[]>;
  /** Resolves what dead processes left: in flight -> assumed, never sent -> freed. */
  recover(): Promise<RecoveryReport>;
  /** Ends the current windows of the named budget, or of all, now; the next use starts a new one. */
  reset(budgetName?: string): Promise<void>;
  /**
   * Every budget as of now, in the order of the configuration; one with `each` once for each value in use. With a scope, filled in as
   * in `ReserveRequest`: the budgets that limit it, as in the results of `reserve`, `beginTurn`, `settleTurn` and `charge`.
   */
  status(scope?: Scope): Promise<readonly BudgetStatus[]>;
  /** The same without waiting: exact for an embedded ledger, as of the last round trip for a remote one. */
  snapshot(scope?: Scope): readonly BudgetStatus[];
  /** Tokens that closed reservations of this kind used on Claude, newest first; what estimates are made from. */
  settledTasks(kind: string, limit: number): Promise<readonly SettledTask[]>;
  /** Output tokens of the latest settled turns of this kind on Claude, newest first; what `max_tokens` is chosen from. */
  recentOutputTokens(kind: string, limit: number): Promise<readonly number[]>;
  /** Turns, newest first. */
  history(query: HistoryQuery): Promise<readonly TurnRecord[]>;
  /** Windows of every budget, of each of its counters, latest start first. */
  windows(query: WindowQuery): Promise<readonly WindowRecord[]>;
  /** Keeps what is known of a task; the same `taskId` again replaces it. Not needed for the budgets, and no listener is told. */
  recordTask(task: TaskRecord): Promise<void>;
  /** Null where it is not known. */
  task(taskId: string): Promise<TaskRecord | null>;
  /** Tasks, newest first. */
  tasks(query: TaskQuery): Promise<readonly TaskRecord[]>;
  /**
   * Sums of turns, by time and then by what was charged; as of now. Kept sums are brought up to date now and then by those who ask.
   * @throws TeelammaError `invalid-argument` for a time zone that does not exist, or groups that cannot be.
   */
  usage(query: UsageQuery): Promise<readonly UsageRow[]>;
  /**
   * Brings the kept sums up to date for a question, the newest turns first, for about `forMs` milliseconds at most, at least one step.
   * Says from when on `usage` answers it at once; null where that is all of it. `usage` itself waits until it is.
   */
  sumUp(query: UsageQuery, forMs: number): Promise<number | null>;
  /** Audits the stored sums and the file itself. */
  check(): Promise<LedgerHealth>;
  /** Calls back after each change that this process made, once per commit. Returns the function that stops it. */
  subscribe(listener: (event: LedgerEvent) => void): () => void;
}

/**
 * What a reservation is for. Budgets match on it and may count it separately. A part that is not known is absent, and matches no
 * budget that asks for it.
 */
export interface Scope {
  /** `simple` or `complex`; requests through the gateway are not scored. */
  readonly complexity?: string;
  /** Claude's model. */
  readonly model?: string;
  /** Name of the project, see config/project-name.ts. */
  readonly project?: string;
  /** Name of the user in the operating system. */
  readonly user?: string;
  /** By which way it came: `cli`, `mcp`, `gateway`, `library`. */
  readonly door?: string;
}

export type ScopePart = keyof Scope;

/** For each part that is named, the values that match; `*` in a value stands for any characters. All named parts must match. */
export type ScopeMatch = { readonly [part in ScopePart]?: readonly string[] };

/** A period of the calendar in a time zone, as people count: days of 23 and 25 hours included. */
export interface CalendarPeriod {
  /** Weeks begin on Monday, months on the 1st. */
  readonly period: 'day' | 'week' | 'month';
  /** IANA name, such as `Europe/Zurich`. */
  readonly timeZone: string;
  /** Hour of the day at which periods begin, 0 to 23, on the zone's clock. */
  readonly hour: number;
}

/** One configured budget. */
export interface BudgetSpec {
  /** `[a-z0-9-]+`, unique. */
  readonly name: string;
  /** In the unit that it counts. */
  readonly limitTokens: number;
  /** What it counts. Default: tokens, each one. A budget whose unit changes begins a new window. */
  readonly counts?: Counting;
  /** Rolling window: starts at its first use and ends `windowMs` later. With `calendar`: the usual length of its period. */
  readonly windowMs: number;
  /** The window ends with the period of its first use instead. */
  readonly calendar?: CalendarPeriod;
  /** Which reservations it limits. Default: all. */
  readonly match?: ScopeMatch;
  /** Counts each value of this part by itself, each up to the limit; what has no such part counts as one value, ''. */
  readonly each?: ScopePart;
  /** Percentages of the limit, ascending; each fires once per window when settled tokens reach it. */
  readonly thresholdsPercent: readonly number[];
}

export interface ReserveRequest {
  readonly taskId: string;
  /** What the estimates are grouped by, such as `complex` or `simple`. */
  readonly kind: string;
  readonly atLeastTokens: number;
  /** Default: `atLeastTokens`. */
  readonly atMostTokens?: number;
  /**
   * A bound of the input among these tokens, at most `atLeastTokens`; what is above it is output. For budgets that count them differently.
   * Default: not known, so each token counts as the dearest kind.
   */
  readonly inputTokens?: number;
  /** What it is for; the ledger object's own scope fills in what is absent, `firstTurn.model` the model. */
  readonly scope?: Scope;
  /** Granted in full even where it passes the limit; what passes is recorded as overdraft. Default false. */
  readonly forced?: boolean;
  /** Repeating a call with the same id returns the first call's reservation. Default: a new id. */
  readonly reservationId?: string;
  /**
   * Begins a turn that holds all granted tokens, in the same transaction: one commit instead of two where the call to be made is
   * known already. `turnId` as in `beginTurn`.
   */
  readonly firstTurn?: { readonly model: string; readonly turnId?: string };
}

export type ReserveResult =
  | {
      readonly granted: true;
      readonly reservation: Reservation;
      /** The turn that `firstTurn` asked for; absent where it did not, and where a repeated call did not name its id. */
      readonly firstTurn?: { readonly turnId: string; readonly heldTokens: number };
      readonly budgets: readonly BudgetStatus[];
    }
  | Refusal;

/** An ordinary no, with the numbers it came from. */
export interface Refusal {
  readonly granted: false;
  /** The least that any budget has left (for a turn: with its reservation's free tokens), so the most that could be granted now. */
  readonly remainingTokens: number;
  /** Name of the budget that has it. */
  readonly bindingBudget: string;
  /** Why it was refused; `held` when only holds that may still be freed stand in the way. */
  readonly cause: 'spent' | 'held' | 'window-passed' | 'closed';
  readonly budgets: readonly BudgetStatus[];
}

export interface Reservation {
  readonly id: string;
  readonly taskId: string;
  readonly kind: string;
  readonly grantedTokens: number;
  readonly forced: boolean;
  readonly createdAtMs: number;
}

export interface BeginTurnRequest {
  readonly reservationId: string;
  /** Repeating a call with the same id returns the first call's grant. Default: a new id. */
  readonly turnId?: string;
  readonly atLeastTokens: number;
  readonly atMostTokens: number;
  /**
   * Tokens of the reservation that the turn leaves free for the turns after it, as far as `atLeastTokens` lets it. Default 0. What the
   * reservation does not have is not added to it.
   */
  readonly keepTokens?: number;
  /** As in `ReserveRequest`. */
  readonly inputTokens?: number;
  readonly model: string;
}

export type BeginTurnResult =
  | {
      readonly granted: true;
      readonly turnId: string;
      /** What is in flight now: `atLeastTokens <= heldTokens <= atMostTokens`. */
      readonly heldTokens: number;
      readonly budgets: readonly BudgetStatus[];
    }
  | Refusal;

export type TurnOutcome =
  | { readonly kind: 'usage'; readonly usage: TokenUsage; readonly latencyMs?: number }
  /** Sent, and nobody can say what it used: stays charged at its hold. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Certainly not charged: it never reached the provider, or the provider answered with an error. */
  | { readonly kind: 'not-charged'; readonly reason: string };

export interface SettleResult {
  /** False where the turn was settled before or is not known; nothing was changed then. */
  readonly changed: boolean;
  readonly chargedTokens: number;
  /** Part of the charge that lay above the hold; 0 in ordinary operation. */
  readonly aboveHoldTokens: number;
  readonly budgets: readonly BudgetStatus[];
}

/** What an older installation left in `token_budget.json`. */
export interface ImportedUsage {
  readonly budgetName: string;
  readonly usedTokens: number;
  /** Becomes the end of the budget's first window. */
  readonly resetAtMs: number;
}

/** A turn that no budget pays for. */
export interface FreeTurn {
  readonly turnId: string;
  readonly taskId: string;
  readonly kind: string;
  readonly agent: string;
  readonly model: string;
  readonly usage: TokenUsage;
  readonly latencyMs: number;
  /** As in `ReserveRequest`. */
  readonly scope?: Scope;
}

/** What is known of a task when its reservation closes; kept for the history. */
export interface Closing {
  /** Whether the reservation's usage is a whole task's, so that estimates may learn from it. Default true. */
  readonly isWholeTask?: boolean;
}

/** Amounts are in the budget's own unit. */
export interface BudgetStatus {
  readonly name: string;
  /** Absent: tokens. */
  readonly unit?: 'micro-usd';
  /** Absent where each token counts one; for the model of the scope that was asked about, else for the dearest. */
  readonly tokenRates?: HoldRates;
  readonly limitTokens: number;
  /** Spent for certain, or charged because nobody can say. */
  readonly settledTokens: number;
  /** Held by reservations and turns in flight. */
  readonly heldTokens: number;
  /** `max(0, limit - settled - held)`. */
  readonly remainingTokens: number;
  /** What forced reservations took above the limit: at most theirs, and at most `settled + held - limit`. */
  readonly overdraftTokens: number;
  /** `settled + held >= limit`. */
  readonly exhausted: boolean;
  /** First use of this window; null where there was none yet. */
  readonly windowStartMs: number | null;
  /** When the window ends; for a window that has not begun, when it would if it began now. */
  readonly resetAtMs: number;
  readonly windowMs: number;
  /** As in its `BudgetSpec`. */
  readonly calendar?: CalendarPeriod;
  /** Of a budget with `each`: which value this counts; null where no value is in use. */
  readonly each?: { readonly part: ScopePart; readonly value: string | null };
}

export interface SettledTask {
  readonly chargedTokens: number;
  readonly turns: number;
}

export interface HistoryQuery {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly agent?: string;
  /** The last turn of the page before: those that follow it are older. */
  readonly after?: Pick<TurnRecord, 'startedAtMs' | 'turnId'>;
  /** Default 100. */
  readonly limit?: number;
}

export interface WindowQuery {
  /** Started at this time or later. */
  readonly sinceMs?: number;
  /** Default 100,000. */
  readonly limit?: number;
}

/** A window of a budget, running or past. Amounts are in its unit. */
export interface WindowRecord {
  readonly budget: string;
  /** Which value of `each` it counts; '' for a budget without. */
  readonly counter: string;
  readonly startMs: number;
  /** Whether none has begun after it, and nobody ended it. */
  readonly isOpen: boolean;
  readonly unit: 'tokens' | 'micro-usd';
  readonly settledTokens: number;
  readonly heldTokens: number;
  /** Part of settled + held that was forced. */
  readonly forcedTokens: number;
}

/** One turn as the ledger keeps it. */
export interface TurnRecord {
  readonly turnId: string;
  readonly taskId: string;
  readonly kind: string;
  readonly agent: string;
  readonly model: string;
  readonly state: 'in-flight' | 'settled' | 'assumed' | 'released';
  readonly heldTokens: number;
  readonly chargedTokens: number;
  readonly usage: TokenUsage | null;
  readonly forced: boolean;
  readonly startedAtMs: number;
  readonly settledAtMs: number | null;
  readonly latencyMs: number | null;
  readonly reason: string | null;
  /** Absent where nothing is known of it. */
  readonly scope?: Scope;
}

export interface RecoveryReport {
  readonly deadOwners: number;
  /** Turns that were in flight and stay charged. */
  readonly assumedTurns: number;
  readonly assumedTokens: number;
  /** Tokens of holds that were never sent, now free. */
  readonly releasedTokens: number;
}

export interface LedgerHealth {
  readonly ok: boolean;
  /** Where the data is: a file path, or a URL without its password. */
  readonly location: string;
  /** Each a whole sentence with what to do; empty when ok. */
  readonly problems: readonly string[];
}

export type LedgerEvent =
  | { readonly type: 'changed'; readonly budgets: readonly BudgetStatus[] }
  | {
      readonly type: 'threshold';
      readonly budget: BudgetStatus;
      /** The threshold that was reached, in percent of the limit. */
      readonly percent: number;
    }
  | {
      readonly type: 'usage-above-hold';
      readonly turnId: string;
      readonly heldTokens: number;
      readonly chargedTokens: number;
    }
  | { readonly type: 'recovered'; readonly report: RecoveryReport };

/** Agent name under which turns that a budget pays for are recorded. */
export const CHARGED_AGENT = 'claude-specialist';
