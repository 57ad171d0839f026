import type { Usage } from './types.ts';

/** Tokens that a provider reported for one turn, in the provider's own tokens. All are integers >= 0. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly outputTokens: number;
}

/** Usage of a turn that used nothing. */
export const noUsage: TokenUsage = {
  inputTokens: 0,
  cacheCreationInputTokens: 0,
  cacheReadInputTokens: 0,
  outputTokens: 0,
};

/**
 * Tokens that count against a budget: all four kinds, weight 1 each. Claude reports cache reads and writes beside `input_tokens`,
 * not within it (https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching), so they are added.
 */
export function chargedTokens(usage: TokenUsage): number {
  return usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens + usage.outputTokens;
}

/** Reads the Messages API's `usage`; what is absent or not a number counts as 0. */
export function fromApiUsage(usage: Partial<Usage> | null | undefined): TokenUsage {
  return {
    inputTokens: count(usage?.input_tokens),
    cacheCreationInputTokens: count(usage?.cache_creation_input_tokens),
    cacheReadInputTokens: count(usage?.cache_read_input_tokens),
    outputTokens: count(usage?.output_tokens),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.ceil(value) : 0;
}
