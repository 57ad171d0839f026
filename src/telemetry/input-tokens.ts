import type { TokenUsage } from '../messages/token-usage.ts';

/** `gen_ai.usage.input_tokens` has all input tokens in it, those of the cache too. */
export function inputTokens(usage: TokenUsage): number {
  return usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens;
}
