import type { Usage } from './types.ts';

/** Tokens that a provider reported for one turn, in the provider's own tokens. All are integers >= 0. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cacheCreationInputTokens: number;
  /** The part of `cacheCreationInputTokens` that was written for five minutes, where the provider says; the rest was for an hour. */
  readonly cacheCreation5mInputTokens?: number;
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
 * Tokens of all four kinds together, which is what a budget counts unless it has weights or is in USD. Claude reports cache reads and writes beside `input_tokens`,
 * not within it (https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching), so they are added.
 */
export function chargedTokens(usage: TokenUsage): number {
  return usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens + usage.outputTokens;
}

/** Reads the Messages API's `usage`; what is absent or not a number counts as 0. */
export function fromApiUsage(usage: Partial<Usage> | null | undefined): TokenUsage {
  const cacheCreationInputTokens = count(usage?.cache_creation_input_tokens);
  const for5m = count(usage?.cache_creation?.ephemeral_5m_input_tokens);
  return {
    inputTokens: count(usage?.input_tokens),
    cacheCreationInputTokens,
    ...(for5m > 0 && { cacheCreation5mInputTokens: Math.min(for5m, cacheCreationInputTokens) }),
    cacheReadInputTokens: count(usage?.cache_read_input_tokens),
    outputTokens: count(usage?.output_tokens),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.ceil(value) : 0;
}
