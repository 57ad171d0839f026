import { type OverviewBudget, overviewOf } from './budget-overview.ts';
import type { BudgetSpec, Ledger } from './Ledger.ts';
import { MirrorFile } from './MirrorFile.ts';

export interface OverviewMirrorOptions {
  /** Path of `budgets.json`. */
  readonly file: string;
}

export interface OverviewMirrorPorts {
  readonly ledger: Pick<Ledger, 'snapshot' | 'subscribe'>;
  readonly specs: () => readonly BudgetSpec[];
  /** Told what went wrong with the file and was carried on from; the ledger is not affected. */
  readonly onWarning: (message: string) => void;
}

interface Content {
  readonly version: 1;
  readonly budgets: readonly OverviewBudget[];
}

/** People look at it; a second is soon enough, and a busy gateway writes one file less. */
const restMs = 1_000;

/** The copy of all budgets in `budgets.json`, which the status line and the hook read instead of the ledger. It follows the ledger's changes. */
export class OverviewMirror implements AsyncDisposable {
  private readonly mirror: MirrorFile<Content>;
  private readonly unsubscribe: () => void;

  constructor({ file }: OverviewMirrorOptions, { ledger, specs, onWarning }: OverviewMirrorPorts) {
    const content = (): Content => ({ version: 1, budgets: overviewOf(ledger.snapshot(), specs()) });
    const isSame = (one: Content, other: Content) => JSON.stringify(one) === JSON.stringify(other);
    this.mirror = new MirrorFile({ file, restMs }, { content, isSame, onWarning });
    this.unsubscribe = ledger.subscribe((event) => {
      if (event.type === 'changed') this.mirror.changed();
    });
    // The configuration may have changed since the file was written.
    this.mirror.changed();
  }

  /** Writes the file from the ledger, now. @throws TeelammaError `state-unwritable` */
  async save(): Promise<void> {
    await this.mirror.save();
  }

  /** Stops following the ledger, with the file as of now. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe();
    await this.mirror.stop();
  }
}
