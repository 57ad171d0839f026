import { TeelammaError } from '../errors.ts';
import { BudgetMirror } from './budget-mirror.ts';
import type { BudgetStatus, Ledger } from './Ledger.ts';
import type { MirrorContent } from './mirror-content.ts';

export interface TokenBudgetOptions {
  /** Path of `token_budget.json`. */
  readonly file: string;
  /** Default: the first configured budget. */
  readonly budgetName?: string;
}

export interface TokenBudgetPorts {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** Told what went wrong with the file and was carried on from; the ledger is not affected. */
  readonly onWarning: (message: string) => void;
}

/**
 * One budget of the ledger, as a simple counter, and its copy for people and scripts in `token_budget.json`:
 * `{"used": n, "resetTime": epochMs, "dailyLimit": n}`, where used = settled + held. The ledger is the truth; the file follows it
 * and is read only by `load`. Where the budget counts money, all amounts are micro-dollars and the file says so
 * (`"unit": "micro-usd"`); tokens that are put in with `increment` are charged at the dearest price, and no older file is imported.
 */
export class TokenBudget implements AsyncDisposable {
  private readonly options: TokenBudgetOptions;
  private readonly ports: TokenBudgetPorts;
  private readonly mirror: BudgetMirror;
  private readonly unsubscribe: () => void;

  constructor(options: TokenBudgetOptions, ports: TokenBudgetPorts) {
    this.options = options;
    this.ports = ports;
    const content = (): MirrorContent => mirrorContent(this.status());
    this.mirror = new BudgetMirror({ file: options.file }, { content, onWarning: ports.onWarning });
    this.unsubscribe = ports.ledger.subscribe((event) => {
      if (event.type === 'changed') this.mirror.changed();
    });
  }

  /**
   * Imports an older installation's file, once, where the ledger was never used; then writes the file anew. A file that cannot be
   * read as a budget is set aside under a name with `.corrupt-` and the time, and reported.
   */
  async load(): Promise<void> {
    const old = await this.mirror.read(this.ports.nowMs());
    if (old && !old.unit && old.used > 0 && old.resetTime > this.ports.nowMs()) {
      const { name } = this.status();
      const { used: usedTokens, resetTime: resetAtMs } = old;
      await this.ports.ledger.importUsage({ budgetName: name, usedTokens, resetAtMs });
    }
    await this.writeOrWarn();
  }

  /** Writes the file from the ledger, now. @throws TeelammaError `state-unwritable`. */
  async save(): Promise<void> {
    await this.mirror.save();
  }

  /** Ends the budget's window: nothing is used, and the next use starts a new window. */
  async reset(): Promise<void> {
    await this.ports.ledger.reset(this.status().name);
    await this.writeOrWarn();
  }

  /** Charges tokens that were spent, a whole number from 0; also past the limit. */
  async increment(tokens: number): Promise<void> {
    if (!Number.isInteger(tokens) || tokens < 0) {
      throw new TeelammaError(
        'invalid-argument',
        `increment takes a whole number of tokens from 0; it was given ${String(tokens)}, and nothing was charged.`,
      );
    }
    await this.ports.ledger.charge(tokens);
  }

  /** Whether nothing is left, as of now. False again from the window's end on. */
  isExhausted(): boolean {
    return this.status().exhausted;
  }

  /** Tokens (or micro-dollars) left as of now, 0 or more. */
  getRemaining(): number {
    return this.status().remainingTokens;
  }

  /** Stops following the ledger, with the file as of now. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe();
    await this.mirror.stop();
  }

  private async writeOrWarn(): Promise<void> {
    try {
      await this.mirror.save();
    } catch (error) {
      if (!(error instanceof TeelammaError)) throw error;
      this.ports.onWarning(error.message);
    }
  }

  private status(): BudgetStatus {
    const budgets = this.ports.ledger.snapshot();
    const { budgetName } = this.options;
    const found = budgetName === undefined ? budgets[0] : budgets.find(({ name }) => name === budgetName);
    if (found) return found;
    const names = budgets.map(({ name }) => name).join(', ') || 'none';
    throw new TeelammaError(
      'invalid-config',
      `There is no budget "${budgetName ?? 'default'}". Configured: ${names}. Add it to the configuration.`,
    );
  }
}

function mirrorContent(status: BudgetStatus): MirrorContent {
  return {
    used: status.settledTokens + status.heldTokens,
    resetTime: status.resetAtMs,
    dailyLimit: status.limitTokens,
    ...(status.unit && { unit: status.unit }),
  };
}
