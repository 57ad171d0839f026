import type { Refusal } from './Ledger.ts';

export interface WaitForHoldsOptions {
  /** Longest wait altogether. Default 2,000 ms. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once, when the wait begins. */
  readonly onWait?: (refusal: Refusal) => void;
}

/** Waits, or rejects when the signal is aborted. */
export type Sleep = (durationMs: number, signal?: AbortSignal) => Promise<void>;

/**
 * Tries again for a short, bounded time while a grant is refused only because of holds that may still be freed: parallel requests
 * arrive within milliseconds of each other and hold far more than they use. Gives the last answer.
 */
export async function waitForHolds<Grant extends { readonly granted: true }>(
  attempt: () => Promise<Grant | Refusal>,
  options: WaitForHoldsOptions,
  ports: { readonly sleep: Sleep },
): Promise<Grant | Refusal> {
  let leftMs = options.waitMs ?? 2_000;
  let pauseMs = 20;
  let result = await attempt();
  if (!result.granted && result.cause === 'held' && leftMs > 0) options.onWait?.(result);
  while (!result.granted && result.cause === 'held' && leftMs > 0) {
    await ports.sleep(Math.min(pauseMs, leftMs), options.signal);
    leftMs -= pauseMs;
    pauseMs = Math.min(pauseMs * 2, 250);
    result = await attempt();
  }
  return result;
}
