/** The value that this share of them does not pass, by nearest rank: a whole number of at least 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.max(1, Math.ceil(sorted[Math.ceil(sorted.length * share) - 1] ?? 0));
}
