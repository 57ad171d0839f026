import { TeelammaError } from '../errors.ts';
import type { TokenUsage } from '../messages/token-usage.ts';

/** Largest amount in one call: keeps every sum within the integers that a double holds exactly. */
export const mostTokens = 1_000_000_000_000;

/** @throws TeelammaError `invalid-argument` for what is no amount of tokens, or a range upside down. */
export function requireAmounts(atLeastTokens: number, atMostTokens = atLeastTokens, inputTokens = 0): void {
  for (const tokens of [atLeastTokens, atMostTokens, inputTokens]) {
    if (!Number.isInteger(tokens) || tokens < 0 || tokens > mostTokens) {
      throw invalid(`An amount of tokens is a whole number from 0 to ${mostTokens}; this was ${tokens}.`);
    }
  }
  if (atMostTokens < atLeastTokens) {
    throw invalid(
      `At most ${atMostTokens} tokens is less than at least ${atLeastTokens}. Swap or raise them.`,
    );
  }
  if (inputTokens > atLeastTokens) {
    throw invalid(
      `${inputTokens} tokens of input are more than the ${atLeastTokens} that are asked for at least. They are a part of them.`,
    );
  }
}

/** @throws TeelammaError `invalid-argument` for a usage with an amount that is none. */
export function requireUsage(usage: TokenUsage): void {
  requireAmounts(usage.inputTokens);
  requireAmounts(usage.cacheCreationInputTokens);
  requireAmounts(usage.cacheCreation5mInputTokens ?? 0);
  requireAmounts(usage.cacheReadInputTokens);
  requireAmounts(usage.outputTokens);
}

/** The caller's mistake. */
export function invalid(message: string): TeelammaError {
  return new TeelammaError('invalid-argument', message);
}
