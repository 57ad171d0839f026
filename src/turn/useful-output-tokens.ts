import type { MessagesRequest } from '../messages/types.ts';

/** Output below which a turn is not worth sending to Claude, whatever is known. */
const leastTokens = 512;
const fewestTurns = 5;

/**
 * The least output, in tokens, that a turn is sent with: what three of four recent turns of its kind needed, once there are five, so
 * that an answer that begins can probably end; at least 512, on top of the request's `thinking.budget_tokens`, which counts as output; at
 * most what was asked.
 */
export function usefulOutputTokens(
  { max_tokens: asked, thinking }: Pick<MessagesRequest, 'max_tokens' | 'thinking'>,
  recent: readonly number[],
): number {
  const thinkingTokens = thinking?.type === 'enabled' ? thinking.budget_tokens : 0;
  const expected = recent.length < fewestTurns ? 0 : percentile75(recent);
  return Math.min(asked, thinkingTokens + Math.max(leastTokens, expected));
}

function percentile75(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.75) - 1] ?? 0;
}
