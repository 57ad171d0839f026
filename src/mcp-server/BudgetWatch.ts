import type { BudgetStatus, Ledger } from '../state/Ledger.ts';

export interface BudgetWatchOptions {
  /** How often changes by other processes are looked for while somebody listens. Default 1,000 ms. */
  readonly pollMs?: number;
}

export interface BudgetWatchPorts {
  readonly ledger: Pick<Ledger, 'status' | 'subscribe'>;
}

/**
 * Tells when a budget changed, whoever changed it: this process at once, other processes and the end of a window within `pollMs`.
 * Reads nothing while nobody listens.
 */
export class BudgetWatch {
  private readonly pollMs: number;
  private readonly ledger: BudgetWatchPorts['ledger'];
  private readonly listeners = new Set<() => void>();
  private seen: string | null = null;
  private isLooking = false;
  private stop: (() => void) | null = null;

  constructor(options: BudgetWatchOptions, ports: BudgetWatchPorts) {
    this.pollMs = options.pollMs ?? 1_000;
    this.ledger = ports.ledger;
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
    const unsubscribe = this.ledger.subscribe((event) => {
      if (event.type === 'changed') void this.look();
    });
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const now = fingerprint(await this.ledger.status());
      const before = this.seen;
      this.seen = now;
      if (before !== null && before !== now) for (const listener of this.listeners) listener();
    } catch {
      // A ledger that is busy now is read again at the next beat; whoever calls a tool is told of it there.
    } finally {
      this.isLooking = false;
    }
  }
}

/** The end of a window that has not begun moves with the clock, and is no change. */
function fingerprint(budgets: readonly BudgetStatus[]): string {
  return JSON.stringify(
    budgets.map((budget) => (budget.windowStartMs === null ? { ...budget, resetAtMs: null } : budget)),
  );
}
