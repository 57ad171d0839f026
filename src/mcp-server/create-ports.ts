import { randomUUID } from 'node:crypto';
import type { MetaCoordinator } from '../agents/MetaCoordinator.ts';
import type { Config } from '../config/Config.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Ledger } from '../state/Ledger.ts';
import type { ReportedLimits } from '../state/ReportedLimits.ts';
import { BudgetWatch, type BudgetWatchOptions } from './BudgetWatch.ts';
import { RecentDecisions } from './RecentDecisions.ts';
import { RunningTasks } from './RunningTasks.ts';
import { saveOutput } from './save-output.ts';
import type { ServeHttpPorts } from './serve-http.ts';

/** The parts of an installation that the MCP server uses; an `App` has them. */
export interface McpParts {
  readonly config: Config;
  readonly pipeline: Pipeline;
  readonly coordinator: MetaCoordinator;
  readonly ledger: Ledger;
  readonly limits: Pick<ReportedLimits, 'of'>;
  readonly log: DecisionLog;
}

export interface McpPortsOptions extends BudgetWatchOptions {
  /** Absolute; tasks may work on its files. Default the current one. */
  readonly workingFolder?: string;
}

/** What `serveMcpStdio` and `serveMcpHttp` take, for one process. */
export function createMcpPorts(parts: McpParts, options: McpPortsOptions = {}): ServeHttpPorts {
  const { pipeline, coordinator, ledger, limits, log } = parts;
  const { apiKey, authToken } = parts.config.claude;
  const { home, stateFolder, logFolder, outputFolder } = parts.config.paths;
  return {
    pipeline,
    coordinator,
    ledger,
    reportedLimits: () => limits.of(apiKey || authToken || ''),
    running: new RunningTasks(),
    decisions: new RecentDecisions({ logFolder }, { log }),
    watch: new BudgetWatch(options, { ledger }),
    saveOutput: (taskId, text, kind) => saveOutput(outputFolder, taskId, text, kind),
    place: { home, stateFolder, workingFolder: options.workingFolder ?? process.cwd() },
    nowMs: Date.now,
    prices: parts.config.prices,
    newId: randomUUID,
  };
}
