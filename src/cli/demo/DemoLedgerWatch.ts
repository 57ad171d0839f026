import type { App } from '../../app.ts';

/** What the ledger and the providers' own records say of the demo; nothing here is taken from what the tasks reported. */
export interface DemoProof {
  readonly limitTokens: number;
  /** The most that was ever settled and held together, over all commits. */
  readonly mostUsedTokens: number;
  readonly commits: number;
  readonly everPassedLimit: boolean;
  readonly settledTokens: number;
  /** Still held; 0 when every task has ended. */
  readonly heldTokens: number;
  /** What the simulated Claude would have billed. */
  readonly billedTokens: number;
}

/** Watches the ledger from its first commit on. */
export class DemoLedgerWatch {
  private readonly app: App;
  private readonly unsubscribe: () => void;
  private mostUsedTokens = 0;
  private commits = 0;
  private everPassedLimit = false;

  constructor(app: App) {
    this.app = app;
    this.unsubscribe = app.ledger.subscribe((event) => {
      if (event.type !== 'changed') return;
      this.commits += 1;
      for (const { settledTokens, heldTokens, limitTokens } of event.budgets) {
        const usedTokens = settledTokens + heldTokens;
        this.mostUsedTokens = Math.max(this.mostUsedTokens, usedTokens);
        this.everPassedLimit ||= usedTokens > limitTokens;
      }
    });
  }

  async proof(): Promise<DemoProof> {
    this.unsubscribe();
    const [budget] = await this.app.ledger.status();
    return {
      limitTokens: budget?.limitTokens ?? 0,
      mostUsedTokens: this.mostUsedTokens,
      commits: this.commits,
      everPassedLimit: this.everPassedLimit,
      settledTokens: budget?.settledTokens ?? 0,
      heldTokens: budget?.heldTokens ?? 0,
      billedTokens: this.app.simulators?.claude.chargedTokens ?? 0,
    };
  }
}
