import type { Ledger } from '../state/Ledger.ts';
import { budgetsFingerprint, StateWatch } from '../state/StateWatch.ts';

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
export class BudgetWatch extends StateWatch {
  constructor({ pollMs = 1_000 }: BudgetWatchOptions, { ledger }: BudgetWatchPorts) {
    super(
      { pollMs },
      {
        fingerprint: async () => budgetsFingerprint(await ledger.status()),
        onHint: (listener) =>
          ledger.subscribe((event) => {
            if (event.type === 'changed') listener();
          }),
      },
    );
  }
}
