import { parseDuration } from '../config/parse-duration.ts';
import { InvalidArgumentError } from './InvalidArgumentError.ts';

/**
 * Reads `--since`: how far back, such as `30m`, `24h`, `7d`; or a day, `2026-10-31`, in UTC. Gives epoch ms.
 * @throws InvalidArgumentError for anything else.
 */
export function parseSince(text: string, nowMs: number): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return nowMs - durationMs;
  const dayMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // 2026-02-31 would become a day in March.
  if (!Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(text)) return dayMs;
  throw new InvalidArgumentError(
    `--since is "${text}": it must be a duration such as 30m, 24h or 7d, or a day such as 2026-10-31.`,
  );
}
