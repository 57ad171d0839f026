import type { BudgetStatus } from './Ledger.ts';

export interface StateWatchOptions {
  /** How often changes are looked for while somebody listens. */
  readonly pollMs: number;
  /** Shortest time from a hint to the look that it causes; hints in between cause none of their own. Default 0: looks at once. */
  readonly gapMs?: number;
}

export interface StateWatchPorts {
  /** What is watched, as a text that differs where it does. A rejection is nothing new. */
  readonly fingerprint: () => Promise<string>;
  /** Tells of changes that this process made; returns the function that stops it. */
  readonly onHint: (listener: () => void) => () => void;
}

/** Tells when something that processes share changed: what this process did soon, all else within `pollMs`. Reads nothing while nobody listens. */
export class StateWatch {
  private readonly pollMs: number;
  private readonly gapMs: number;
  private readonly ports: StateWatchPorts;
  private readonly listeners = new Set<() => void>();
  private seen: string | null = null;
  private isLooking = false;
  private pending: NodeJS.Timeout | null = null;
  private stop: (() => void) | null = null;

  constructor({ pollMs, gapMs = 0 }: StateWatchOptions, ports: StateWatchPorts) {
    this.pollMs = pollMs;
    this.gapMs = gapMs;
    this.ports = ports;
  }

  /** Calls back after changes; several that come close together are told once. Returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    // Wrapped, so that one function given twice is called twice and stopped one by one.
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
    const unsubscribe = this.ports.onHint(() => this.lookSoon());
    return () => {
      clearInterval(timer);
      unsubscribe();
      if (this.pending) clearTimeout(this.pending);
      this.pending = null;
    };
  }

  private lookSoon(): void {
    if (this.gapMs === 0) {
      void this.look();
      return;
    }
    this.pending ??= setTimeout(() => {
      this.pending = null;
      void this.look();
    }, this.gapMs);
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const now = await this.ports.fingerprint();
      const before = this.seen;
      this.seen = now;
      if (before !== null && before !== now) for (const listener of this.listeners) listener();
    } catch {
      // A ledger that is busy now is read again at the next beat; whoever asks it for anything is told of it there.
    } finally {
      this.isLooking = false;
    }
  }
}

/** The end of a window that has not begun moves with the clock, and is no change. */
export function budgetsFingerprint(budgets: readonly BudgetStatus[]): string {
  return JSON.stringify(
    budgets.map((budget) => (budget.windowStartMs === null ? { ...budget, resetAtMs: null } : budget)),
  );
}
