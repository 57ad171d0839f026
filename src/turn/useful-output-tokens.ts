import { leastOutputTokens } from '../agents/least-output-tokens.ts';
import type { MessagesRequest } from '../messages/types.ts';

/**
 * The least output, in tokens, that a turn is sent with: what `leastOutputTokens` says of recent turns of its kind, on top of the
 * request's `thinking.budget_tokens`, which counts as output; at most what was asked.
 */
export function usefulOutputTokens(
  { max_tokens: asked, thinking }: Pick<MessagesRequest, 'max_tokens' | 'thinking'>,
  recent: readonly number[],
): number {
  const thinkingTokens = thinking?.type === 'enabled' ? thinking.budget_tokens : 0;
  return Math.min(asked, thinkingTokens + leastOutputTokens(recent));
}
