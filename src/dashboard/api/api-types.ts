/**
 * The documents of the dashboard's API, for the server that writes them and the page that reads them. Times are epoch milliseconds.
 * Amounts of budgets are in the budget's unit, tokens or micro-dollars; all others are tokens, costs USD.
 */

export interface OverviewDocument {
  readonly nowMs: number;
  readonly version: string;
  readonly budgets: readonly BudgetView[];
  readonly alerts: readonly AlertView[];
  readonly debt: { readonly count: number; readonly unreviewed: number };
}

export interface BudgetView {
  /** Unique among budgets and their counters. */
  readonly id: string;
  readonly name: string;
  /** Which value of `each` it counts; null for a budget that has one counter. */
  readonly counter: string | null;
  /** As people call it: its name, and the value that it counts. */
  readonly title: string;
  readonly unit?: 'micro-usd';
  readonly limit: number;
  readonly settled: number;
  readonly held: number;
  readonly remaining: number;
  readonly overdraft: number;
  readonly exhausted: boolean;
  /** Null where the window has not begun. */
  readonly windowStartMs: number | null;
  readonly resetAtMs: number;
  /** `24h`, or `week, from Monday 04:00 (Europe/Zurich)`. */
  readonly windowText: string;
  /** `project web or api`; null where it limits everything. */
  readonly limitsOnly: string | null;
  readonly thresholdsPercent: readonly number[];
  /** Has the least left of all. */
  readonly isBinding: boolean;
  /** Its limit can be changed from here: the default budget's alone, as with `teelamma budget set`. */
  readonly mayChangeLimit: boolean;
  readonly forecast: ForecastView;
}

export interface ForecastView {
  readonly verdict: 'exhausted' | 'ends' | 'may-end' | 'lasts' | 'too-little-known';
  readonly perHour: number | null;
  readonly endsAtMs: number | null;
  readonly earliestMs: number | null;
  readonly latestMs: number | null;
}

/** A threshold that a window has reached, the highest one alone; or overdraft. */
export interface AlertView {
  readonly budgetId: string;
  readonly title: string;
  readonly kind: 'threshold' | 'overdraft';
  readonly level: 'warning' | 'critical';
  readonly percent: number;
  /** A whole sentence. */
  readonly text: string;
}

export interface BurnDownDocument {
  readonly budgetId: string;
  readonly unit?: 'micro-usd';
  readonly limit: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly nowMs: number;
  readonly points: readonly (readonly [atMs: number, remaining: number])[];
  readonly resolution: 'turn' | 'hour';
  readonly thresholdsPercent: readonly number[];
  readonly forecast: ForecastView;
}

/** One decision: of a task, or of a request through the gateway. */
export interface DecisionView {
  readonly id: string;
  readonly source: 'task' | 'request';
  readonly atMs: number;
  /** Who answered, else who was chosen; `none` where nobody could. */
  readonly agent: string;
  readonly model: string | null;
  readonly reason: string;
  readonly kind: string;
  readonly project: string | null;
  readonly door: string | null;
  readonly estimatedTokens: number | null;
  /** Used by whoever answered, Ollama's own count for Ollama; null where it is not known. */
  readonly usedTokens: number | null;
  /** What budgets were charged. */
  readonly chargedTokens: number;
  /** The critic's outcome, `running`, `failed`, `aborted`; `answered` or `refused` for a request. */
  readonly outcome: string;
  readonly latencyMs: number | null;
  readonly title: string | null;
  readonly handovers: number;
}

export interface DecisionsDocument {
  readonly decisions: readonly DecisionView[];
  /** For the next page; null where there is none. */
  readonly next: string | null;
}

export interface TaskDocument {
  readonly task: TaskView;
  readonly turns: readonly TurnView[];
}

export interface TaskView {
  readonly taskId: string;
  readonly kind: string;
  readonly strategy: string;
  readonly project: string | null;
  readonly door: string | null;
  readonly user: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly title: string | null;
  readonly promptLength: number;
  readonly promptHash: string;
  readonly agent: string;
  readonly model: string | null;
  readonly outcome: string;
  readonly decision: {
    readonly targetAgent: string;
    readonly reason: string;
    readonly cause: string;
    readonly confidence: number;
    readonly estimatedTokens: number;
    readonly forced: boolean;
  };
  readonly complexity: {
    readonly level: string;
    readonly score: number;
    readonly confidence: number;
    readonly signals: readonly { readonly name: string; readonly value: number; readonly weight: number }[];
  };
  /** Of the answer that was given. */
  readonly issues: readonly IssueView[];
  /** Each answer in order, with what was found in it where there were several. */
  readonly reviews: readonly {
    readonly agent: string;
    readonly purpose: string;
    readonly outcome: string;
    readonly issues: readonly IssueView[];
  }[];
  readonly handovers: readonly { readonly from: string; readonly to: string; readonly reason: string }[];
  readonly chargedTokens: number;
  readonly latencyMs: number | null;
}

export interface IssueView {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

export interface TurnView {
  readonly turnId: string;
  readonly agent: string;
  readonly model: string;
  readonly kind: string;
  readonly state: 'in-flight' | 'settled' | 'assumed' | 'released';
  readonly heldTokens: number;
  readonly chargedTokens: number;
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
  readonly forced: boolean;
  readonly startedAtMs: number;
  readonly settledAtMs: number | null;
  readonly latencyMs: number | null;
  readonly reason: string | null;
}

export type UsageGroup = 'agent' | 'model' | 'project' | 'kind';

/** What is made of kept sums. On a ledger with many calls that are in none yet, they are summed by and by, the newest first. */
interface OfSums {
  /** Earlier calls are not in it yet; null where all are. Asked for again, more are. */
  readonly summedSinceMs: number | null;
}

export interface UsageDocument extends OfSums {
  readonly by: UsageGroup;
  readonly resolution: 'hour' | 'day';
  /** Beginnings of the hours or days, ascending, without gaps. */
  readonly startsMs: readonly number[];
  /** The most used first; those beyond the eighth are one series, `other`. */
  readonly series: readonly UsageSeries[];
  readonly groups: readonly UsageTotal[];
  readonly total: UsageTotal;
  readonly pricesAsOf: string;
}

export interface UsageSeries {
  readonly key: string;
  /** Tokens of all kinds in each hour or day. */
  readonly tokens: readonly number[];
}

export interface UsageTotal {
  readonly key: string;
  readonly turns: number;
  readonly inputTokens: number;
  readonly cacheTokens: number;
  readonly outputTokens: number;
  /** All kinds together; of turns whose usage nobody knows, what they were charged. */
  readonly tokens: number;
  readonly chargedTokens: number;
  /** Null where a model has no list price. */
  readonly costUsd: number | null;
}

/** What Ollama did, and what it would have cost on Claude. */
export interface SavingsDocument extends OfSums {
  readonly resolution: 'hour' | 'day';
  readonly startsMs: readonly number[];
  readonly tokens: readonly number[];
  readonly models: readonly SavedByModel[];
  readonly total: SavedByModel;
  /** Claude's model by whose list price it is valued. */
  readonly pricedAs: string;
  readonly pricesAsOf: string;
}

export interface SavedByModel {
  readonly model: string;
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly tokens: number;
  /** Null where Claude's model has no list price. */
  readonly savedUsd: number | null;
}

export interface DebtsDocument {
  readonly debts: readonly DebtView[];
}

export interface DebtView {
  readonly taskId: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly doubt: number;
  readonly reason: string;
  readonly model: string;
  /** The first line of the task, shortened. */
  readonly title: string;
  readonly verdict: string;
  readonly issues: readonly string[];
  readonly files: number;
  readonly review: {
    readonly outcome: string;
    readonly summary: string;
    readonly issues: readonly string[];
    readonly chargedTokens: number;
    readonly model: string;
    readonly atMs: number;
  } | null;
}

/** What can be filtered by. */
export interface FacetsDocument extends OfSums {
  readonly agents: readonly string[];
  readonly models: readonly string[];
  readonly projects: readonly string[];
  readonly kinds: readonly string[];
}

export interface LimitRequest {
  /** As people write it: `20k`, `2M`, `$5`. */
  readonly limit: string;
  /** Such as `5h`; as it is where left out. */
  readonly window?: string;
}

export interface LimitDocument {
  readonly limitText: string;
  readonly windowText: string;
  /** What to know about it, each a whole sentence. */
  readonly notes: readonly string[];
}

export interface ResetRequest {
  readonly budget: string;
}

export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string };
}

/** The first event of a stream. Another start means that the page and its token are of a server that is gone. */
export interface HelloEvent {
  readonly startId: string;
  readonly version: string;
}
