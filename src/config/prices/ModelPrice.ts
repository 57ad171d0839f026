/** What one token of each kind counts: USD per million tokens in a price, which is also micro-dollars per token; else a weight. */
export interface KindRates {
  /** Input that was neither written to the cache nor read from it. */
  readonly input: number;
  /** Written to the cache for five minutes. */
  readonly cacheWrite5m: number;
  /** Written to the cache for an hour. */
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  readonly output: number;
}

/** The list price of a model, or of several. */
export interface ModelPrice {
  /** Id without its date (`claude-opus-4-5` stands for `claude-opus-4-5-20251101` too); `*` stands for any characters. */
  readonly model: string;
  /** First day on which it holds, in UTC, `2026-10-07`; absent: always. */
  readonly validFrom?: string;
  readonly usdPerMillionTokens: KindRates;
  /** What every token of a request costs whose prompt (cache reads and writes included) is longer than so many tokens. */
  readonly longPrompt?: { readonly aboveTokens: number; readonly usdPerMillionTokens: KindRates };
}
