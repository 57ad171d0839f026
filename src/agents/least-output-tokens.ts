/** Output below which a turn is not worth sending to Claude, whatever is known. */
const leastTokens = 512;
const fewestTurns = 5;

/** How many of the latest turns of a kind are looked at. */
export const turnsLookedAt = 50;

/**
 * The least output, in tokens, that a turn is sent with, thinking apart: what three of four recent turns of its kind needed, once there
 * are five, so that an answer that begins can probably end; at least 512.
 */
export function leastOutputTokens(recent: readonly number[]): number {
  if (recent.length < fewestTurns) return leastTokens;
  const sorted = [...recent].sort((a, b) => a - b);
  return Math.max(leastTokens, sorted[Math.ceil(sorted.length * 0.75) - 1] ?? 0);
}
