import type { MetaCoordinator } from '../agents/MetaCoordinator.ts';
import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Ledger } from '../state/Ledger.ts';
import type { ReportedLimit } from '../state/reported-limit.ts';
import type { BudgetWatch } from './BudgetWatch.ts';
import type { RecentDecisions } from './RecentDecisions.ts';
import type { RunningTasks } from './RunningTasks.ts';
import type { OutputKind } from './save-output.ts';
import type { WorkspacePlace } from './workspace/WorkspacePlace.ts';

/** What the MCP server works with. All connections of one process share them. */
export interface McpServerPorts {
  readonly pipeline: Pick<Pipeline, 'executeTask'>;
  readonly coordinator: Pick<MetaCoordinator, 'preview'>;
  readonly ledger: Pick<Ledger, 'status' | 'history' | 'usage'>;
  /** What Claude reported of its own limits, for the key in use. */
  readonly reportedLimits: () => readonly ReportedLimit[];
  readonly running: RunningTasks;
  readonly decisions: RecentDecisions;
  readonly watch: BudgetWatch;
  /** Writes a text that is too long for an answer to disk, readable for the user alone, and gives its absolute path. */
  readonly saveOutput: (taskId: string, text: string, kind?: OutputKind) => Promise<string>;
  /** Where tasks may work on files. */
  readonly place: Omit<WorkspacePlace, 'trustsRoots'>;
  readonly nowMs: () => number;
  /** What tokens cost. */
  readonly prices: readonly ModelPrice[];
}
