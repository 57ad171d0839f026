import type { DecisionLog } from '../logging/LogEntry.ts';
import { readEntries } from '../logging/read-entries.ts';

/** One decision as the log has it: when, of which task, and what `MetaCoordinator` gave. */
export interface RecentDecision {
  /** ISO 8601. */
  readonly at: string;
  readonly taskId: string | undefined;
  readonly decision: Readonly<Record<string, unknown>>;
}

export interface RecentDecisionsPorts {
  readonly log: Pick<DecisionLog, 'flush'>;
}

/** How many are given. */
const shown = 20;

/**
 * The latest decisions that led to a task, of every program that shares the installation, from its log; none where `log.level` is above
 * `info`.
 */
export class RecentDecisions {
  private readonly logFolder: string;
  private readonly log: RecentDecisionsPorts['log'];
  private readonly listeners = new Set<() => void>();

  constructor(options: { readonly logFolder: string }, ports: RecentDecisionsPorts) {
    this.logFolder = options.logFolder;
    this.log = ports.log;
  }

  /** Newest first, at most 20. */
  async list(): Promise<readonly RecentDecision[]> {
    await this.log.flush();
    const { entries } = readEntries(this.logFolder, { agent: 'meta-coordinator', action: 'route' }, shown);
    return entries.toReversed().map(({ time, taskId, output }) => ({ at: time, taskId, decision: output }));
  }

  /** Tells the subscribers that this process took a decision. */
  changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** Calls back after each decision of this process. Returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    const entry = () => listener();
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }
}
