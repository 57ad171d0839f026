import type { KindRates, ModelPrice } from './ModelPrice.ts';

/**
 * Claude's list prices, https://platform.claude.com/docs/en/about-claude/pricing, read from stored copies of that page and of the model
 * pages beside it (October 2026), on 25 November 2026; nothing later is known here. `prices` in config.json goes over this table.
 *
 * They are those of the Messages API: not those of batches (half), of fast mode, of US-only inference (1.1 times), of server tools
 * (web search is charged by the search), or of other clouds.
 */
export const pricesAsOf = '2026-11-25';

/** Newest first where a price changed: the first that holds on the day counts. */
export const priceTable: readonly ModelPrice[] = [
  { model: 'claude-fable-5-1', usdPerMillionTokens: rates(10, 50, 0.25) },
  { model: 'claude-mythos-5-1', usdPerMillionTokens: rates(10, 50, 0.25) },
  { model: 'claude-fable-5', usdPerMillionTokens: rates(10, 50, 1) },
  { model: 'claude-mythos-5', usdPerMillionTokens: rates(10, 50, 1) },
  { model: 'claude-opus-5-5', usdPerMillionTokens: rates(4, 20, 0.2) },
  { model: 'claude-opus-5', usdPerMillionTokens: rates(5, 25, 0.5) },
  { model: 'claude-opus-4-8', usdPerMillionTokens: rates(5, 25, 0.5) },
  { model: 'claude-opus-4-7', usdPerMillionTokens: rates(5, 25, 0.5) },
  { model: 'claude-opus-4-6', usdPerMillionTokens: rates(5, 25, 0.5) },
  { model: 'claude-opus-4-5', usdPerMillionTokens: rates(5, 25, 0.5) },
  { model: 'claude-opus-4-1', usdPerMillionTokens: rates(15, 75, 1.5) },
  { model: 'claude-opus-4-0', usdPerMillionTokens: rates(15, 75, 1.5) },
  { model: 'claude-opus-4', usdPerMillionTokens: rates(15, 75, 1.5) },
  { model: 'claude-3-opus', usdPerMillionTokens: rates(15, 75, 1.5) },
  { model: 'claude-sonnet-5-5', validFrom: '2026-10-07', usdPerMillionTokens: rates(2, 10, 0.1) },
  { model: 'claude-sonnet-5-5', usdPerMillionTokens: rates(2, 10, 0.2) },
  { model: 'claude-sonnet-5', usdPerMillionTokens: rates(2, 10, 0.2) },
  { model: 'claude-sonnet-4-6', usdPerMillionTokens: rates(3, 15, 0.3) },
  // The dearer price of long prompts is kept for these two: it held while they took more than 200,000 tokens by a beta header.
  {
    model: 'claude-sonnet-4-5',
    usdPerMillionTokens: rates(3, 15, 0.3),
    longPrompt: { aboveTokens: 200_000, usdPerMillionTokens: rates(6, 22.5, 0.6) },
  },
  {
    model: 'claude-sonnet-4',
    usdPerMillionTokens: rates(3, 15, 0.3),
    longPrompt: { aboveTokens: 200_000, usdPerMillionTokens: rates(6, 22.5, 0.6) },
  },
  { model: 'claude-sonnet-4-0', usdPerMillionTokens: rates(3, 15, 0.3) },
  { model: 'claude-3-7-sonnet', usdPerMillionTokens: rates(3, 15, 0.3) },
  { model: 'claude-3-5-sonnet', usdPerMillionTokens: rates(3, 15, 0.3) },
  {
    model: 'claude-haiku-5-5',
    validFrom: '2026-10-07',
    usdPerMillionTokens: rates(0.1, 0.5, 0.01),
    longPrompt: { aboveTokens: 100_000, usdPerMillionTokens: rates(0.5, 2.5, 0.05) },
  },
  { model: 'claude-haiku-4-5', usdPerMillionTokens: rates(1, 5, 0.1) },
  { model: 'claude-3-5-haiku', usdPerMillionTokens: rates(0.8, 4, 0.08) },
  {
    model: 'claude-3-haiku',
    usdPerMillionTokens: { ...rates(0.25, 1.25, 0.03), cacheWrite5m: 0.3 },
  },
];

/** Cache writes are 1.25 times the input for five minutes and twice for an hour; reads differ, so they are named. */
function rates(input: number, output: number, cacheRead: number): KindRates {
  return { input, cacheWrite5m: input * 1.25, cacheWrite1h: input * 2, cacheRead, output };
}
