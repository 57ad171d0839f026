import type { TokenUsage } from '../../messages/token-usage.ts';

/** The usage in a row of the table of turns, whose columns both ledgers name alike; null where none was reported. */
export function usageOfRow(row: Readonly<Record<string, unknown>>): TokenUsage | null {
  if (row['input'] === null) return null;
  return {
    inputTokens: Number(row['input']),
    cacheCreationInputTokens: Number(row['cache_creation']),
    cacheCreation5mInputTokens: Number(row['cache_creation_5m'] ?? 0),
    cacheReadInputTokens: Number(row['cache_read']),
    outputTokens: Number(row['output']),
  };
}
