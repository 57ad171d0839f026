import type { LedgerEvent } from './Ledger.ts';

/** Who listens to a ledger's events. */
export class LedgerEvents {
  private readonly listeners = new Set<(event: LedgerEvent) => void>();

  /** Gives what ends it. */
  listen(listener: (event: LedgerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: LedgerEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        // The commit stands whatever a listener does; its error is a bug and surfaces as an uncaught one.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.listeners.clear();
  }
}
