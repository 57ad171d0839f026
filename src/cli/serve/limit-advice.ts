import { formatTokens } from '../../messages/format-tokens.ts';

/** What one request of Claude Code takes at least, measured with 2.1.328: tokens as Claude counts them, and bytes, which bound them. */
const leastInputTokens = 12_000;
const leastInputBytes = 49_000;
/** What a small task of three requests used. */
const smallTaskTokens = 37_000;
const usefulOutputTokens = 512;
/** About five small tasks. */
const proposedLimit = '200k';

/**
 * What to tell a user whose limit is too small for Claude Code, as whole sentences; empty where it is not. A limit below one request would
 * send everything to Ollama without anybody knowing why.
 */
export function limitAdvice(limitTokens: number): readonly string[] {
  const propose = `\`teelamma budget set ${proposedLimit}\``;
  if (limitTokens < leastInputTokens + usefulOutputTokens) {
    return [
      `the limit of ${formatTokens(limitTokens)} tokens is below one request of Claude Code, which takes about ${formatTokens(leastInputTokens)} tokens of input; a task of three requests took ${formatTokens(smallTaskTokens)}.`,
      `Everything Claude Code asks will go to Ollama. ${propose} would do for about five small tasks.`,
    ];
  }
  if (limitTokens < leastInputBytes + usefulOutputTokens) {
    return [
      `the limit of ${formatTokens(limitTokens)} tokens holds few requests of Claude Code: each takes about ${formatTokens(leastInputTokens)} tokens of input, and a task of three took ${formatTokens(smallTaskTokens)}.`,
      `It is also below the upper bound that is held for one (${formatTokens(leastInputBytes)}), so Claude is asked to count each first. ${propose} would be more comfortable.`,
    ];
  }
  return [];
}
