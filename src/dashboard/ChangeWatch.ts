import type { Ledger } from '../state/Ledger.ts';
import { budgetsFingerprint, StateWatch } from '../state/StateWatch.ts';
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
export class ChangeWatch extends StateWatch {
  constructor({ pollMs }: ChangeWatchOptions, { ledger, feed }: ChangeWatchPorts) {
    let newRequests = 0;
    super(
      { pollMs, gapMs: leastGapMs },
      {
        async fingerprint() {
          if (feed.poll()) newRequests += 1;
          const [budgets, tasks, turns] = await Promise.all([
            ledger.status(),
            ledger.tasks({ limit: lookedAtTasks }),
            ledger.history({ limit: lookedAtTasks }),
          ]);
          return JSON.stringify([
            newRequests,
            budgetsFingerprint(budgets),
            tasks.map(({ taskId, endedAtMs, outcome }) => [taskId, endedAtMs, outcome]),
            turns.map(({ turnId, state }) => [turnId, state]),
          ]);
        },
        onHint: (listener) => ledger.subscribe(listener),
      },
    );
  }
}
