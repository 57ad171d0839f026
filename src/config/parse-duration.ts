const pattern = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)$/i;
const unitMs = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** 400 days: longer windows are typing errors, and stay far from the end of the calendar. */
const longestMs = 400 * unitMs.d;

/**
 * Reads a duration such as `90s`, `30m`, `5h`, `7d` or `1w`; a number without a unit is refused, since nobody can know which one was
 * meant. Gives milliseconds from 1,000 (1 s) to 34,560,000,000 (400 d), or null.
 */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text.trim());
  if (!match?.[1] || !match[2]) return null;
  const durationMs = Math.round(Number(match[1]) * unitMs[match[2].toLowerCase() as keyof typeof unitMs]);
  return durationMs >= 1_000 && durationMs <= longestMs ? durationMs : null;
}

/** Writes a duration in its largest whole unit: 18,000,000 ms is `5h`. Read back by `parseDuration`, it gives the same number. */
export function formatDuration(durationMs: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    const size = unitMs[unit];
    // 24 h is how everybody says it, and 7d the same.
    const isPlain = (unit === 'd' && durationMs === size) || (unit === 'w' && durationMs === size);
    if (!isPlain && durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`;
  }
  return `${durationMs / 1_000}s`;
}
