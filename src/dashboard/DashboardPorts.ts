import type { BudgetSource } from '../config/budget-source.ts';
import type { ModelPrice } from '../config/prices/ModelPrice.ts';
import type { LimitChanged } from '../config/set-budget-limit.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import type { DebtEntry } from '../pipeline/debt/DebtEntry.ts';
import type { Ledger } from '../state/Ledger.ts';

export interface DashboardOptions {
  /** The installation's logs/, where decisions of the gateway stand. */
  readonly logFolder: string;
  /** By whose list price Ollama's work is valued. */
  readonly claudeModel: string;
  readonly prices: readonly ModelPrice[];
  /** How often changes by other processes are looked for while a page is open. Default 300 ms. */
  readonly pollMs?: number;
}

/** What the dashboard reads, and the two things it may change. */
export interface DashboardPorts {
  readonly ledger: Ledger;
  /** The configured budgets as of now. */
  readonly budgets: BudgetSource;
  /** What Ollama did for want of budget. */
  readonly debts: { list(): readonly DebtEntry[] };
  readonly log: DecisionLog;
  readonly nowMs: () => number;
  /** Random and not to be guessed: the page's token is one. */
  readonly newId: () => string;
  /** @throws InvalidConfigError, TeelammaError `state-unwritable` */
  readonly setLimit: (change: {
    readonly limit: string;
    readonly window?: string | undefined;
  }) => LimitChanged;
  readonly resetBudget: (name: string) => Promise<void>;
}
