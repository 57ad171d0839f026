/** What usage can be grouped by. Hours and days begin on the clock of the query's time zone. */
export type UsageDimension = 'hour' | 'day' | UsageKey;

/** What is known of every turn. */
export type UsageKey = 'agent' | 'model' | 'project' | 'kind' | 'door' | 'user';

export const usageKeys: readonly UsageKey[] = ['agent', 'model', 'project', 'kind', 'door', 'user'];

export interface UsageQuery {
  /** Turns that started from here on; rounded down to a quarter of an hour. Default: from the beginning. */
  readonly sinceMs?: number;
  /** Turns that started before; rounded up to a quarter of an hour. Default: all. */
  readonly untilMs?: number;
  /** At most one of `hour` and `day`. Default: one sum of everything. */
  readonly by?: readonly UsageDimension[];
  /** Only turns with these values; '' for those of which it is not known. */
  readonly where?: Readonly<Partial<Record<UsageKey, string>>>;
  /** IANA name. Default `UTC`. */
  readonly timeZone?: string;
}

/** Sums of turns that were answered or stay charged; turns in flight and turns that cost nothing are not counted. Tokens. */
export interface UsageSums {
  readonly inputTokens: number;
  readonly cacheCreationInputTokens: number;
  /** The part of `cacheCreationInputTokens` that was written for five minutes. */
  readonly cacheCreation5mInputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly outputTokens: number;
  /** What budgets were charged. Turns whose usage nobody knows are only here. */
  readonly chargedTokens: number;
  readonly turns: number;
}

/** One group. Of the keys only those that were asked for are there; '' where a turn's is not known. */
export interface UsageRow extends UsageSums, Readonly<Partial<Record<UsageKey, string>>> {
  /** Beginning of the hour or day, epoch ms. */
  readonly startMs?: number;
}
