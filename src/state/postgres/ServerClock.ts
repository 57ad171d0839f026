import { performance } from 'node:perf_hooks';

/**
 * The server's clock as this process knows it: the machines of a team differ, and windows are judged by the server. Between round trips
 * it goes on by the monotonic clock, so setting this machine's clock changes nothing. Before the first round trip it is this machine's.
 */
export class ServerClock {
  private readonly fixedMs: (() => number) | undefined;
  private offsetMs: number | null = null;

  /** `fixedMs` takes the place of the server's clock, for tests that move time. */
  constructor(fixedMs: (() => number) | undefined) {
    this.fixedMs = fixedMs;
  }

  /** What is sent along with a transaction: null for the server's own clock. */
  givenMs(): number | null {
    return this.fixedMs?.() ?? null;
  }

  /** Epoch ms. */
  nowMs(): number {
    if (this.fixedMs) return this.fixedMs();
    return this.offsetMs === null ? Date.now() : Math.round(performance.now() + this.offsetMs);
  }

  /** The server said what time it is. */
  heard(serverMs: number): void {
    this.offsetMs = serverMs - performance.now();
  }
}
