import { createHmac, randomBytes } from 'node:crypto';

/** Until when Claude asked not to be called, for each client's key: one client's rate limit is not another's. */
export interface CoolDowns {
  /** Epoch milliseconds; null where this client, known by its credentials, may call. */
  until(credentials: string): number | null;
  open(credentials: string, durationMs: number): void;
}

/** A longer one is a mistake that must not lock anybody out. */
const longestMs = 24 * 3_600_000;
const most = 10_000;

/** In memory; keys are known by a hash whose secret ends with the process, and not kept. */
export function createCoolDowns(ports: { readonly nowMs: () => number }): CoolDowns {
  const secret = randomBytes(32);
  const untilMs = new Map<string, number>();
  const clientOf = (credentials: string): string =>
    createHmac('sha256', secret).update(credentials).digest('base64url');
  return {
    until(credentials) {
      if (untilMs.size === 0) return null;
      const client = clientOf(credentials);
      const until = untilMs.get(client);
      if (until === undefined || until > ports.nowMs()) return until ?? null;
      untilMs.delete(client);
      return null;
    },
    open(credentials, durationMs) {
      if (!(durationMs > 0)) return;
      const client = clientOf(credentials);
      const until = ports.nowMs() + Math.min(durationMs, longestMs);
      const [oldest] = untilMs.keys();
      if (untilMs.size >= most && oldest !== undefined) untilMs.delete(oldest);
      untilMs.set(client, Math.max(until, untilMs.get(client) ?? 0));
    },
  };
}
