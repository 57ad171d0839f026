import type { Ledger } from '../state/Ledger.ts';
import type { GatewayFeed } from './GatewayFeed.ts';

export interface ChangeWatchOptions {
  /** How often changes are looked for while somebody listens. */
  readonly pollMs: number;
}

export interface ChangeWatchPorts {
  readonly ledger: Pick<Ledger, 'status' | 'tasks' | 'history' | 'subscribe'>;
  readonly feed: Pick<GatewayFeed, 'poll'>;
}

/** Changes of a busy process come by the thousand a second; a page draws no more often than this. */
const leastGapMs = 100;
const lookedAtTasks = 20;

/**
 * Tells when anything changed that a page shows, whoever changed it: budgets, tasks, turns, and decisions of gateways; this process's
 * budgets at once, all else within `pollMs`. Reads nothing while nobody listens.
 */
export class ChangeWatch {
  private readonly pollMs: number;
  private readonly ports: ChangeWatchPorts;
  private readonly listeners = new Set<() => void>();
  private seen: string | null = null;
  private isLooking = false;
  private pending: NodeJS.Timeout | null = null;
  private stop: (() => void) | null = null;

  constructor({ pollMs }: ChangeWatchOptions, ports: ChangeWatchPorts) {
    this.pollMs = pollMs;
    this.ports = ports;
  }

  /** Calls back after changes; several that come close together are told once. Returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    const entry = () => listener();
    this.listeners.add(entry);
    this.stop ??= this.start();
    return () => {
      this.listeners.delete(entry);
      if (this.listeners.size > 0) return;
      this.stop?.();
      this.stop = null;
    };
  }

  private start(): () => void {
    this.seen = null;
    void this.look();
    const timer = setInterval(() => void this.look(), this.pollMs);
    timer.unref();
    const unsubscribe = this.ports.ledger.subscribe(() => {
      this.pending ??= setTimeout(() => {
        this.pending = null;
        void this.look();
      }, leastGapMs);
    });
    return () => {
      clearInterval(timer);
      unsubscribe();
      if (this.pending) clearTimeout(this.pending);
      this.pending = null;
    };
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const hasRequests = this.ports.feed.poll();
      const now = await this.fingerprint();
      const before = this.seen;
      this.seen = now;
      if (before !== null && (before !== now || hasRequests))
        for (const listener of this.listeners) listener();
    } catch {
      // A ledger that is busy now is read again at the next beat; the page's own requests are told of it.
    } finally {
      this.isLooking = false;
    }
  }

  private async fingerprint(): Promise<string> {
    const { ledger } = this.ports;
    const [budgets, tasks, turns] = await Promise.all([
      ledger.status(),
      ledger.tasks({ limit: lookedAtTasks }),
      ledger.history({ limit: lookedAtTasks }),
    ]);
    return JSON.stringify([
      // The end of a window that has not begun moves with the clock, and is no change.
      budgets.map((budget) => (budget.windowStartMs === null ? { ...budget, resetAtMs: null } : budget)),
      tasks.map(({ taskId, endedAtMs, outcome }) => [taskId, endedAtMs, outcome]),
      turns.map(({ turnId, state }) => [turnId, state]),
    ]);
  }
}
