import type { WorkspaceStage } from '../workspace/WorkspaceStage.ts';

/** From the third time on a call is not run; the fifth ends the work. */
const mostRuns = 2;
const mostCalls = 4;

/** Counts calls that come again with the same input while no file changes: the answer would be the same, and so would the next. */
export class RepeatedCalls {
  private readonly stage: WorkspaceStage;
  private readonly counts = new Map<string, number>();
  private revision: number;

  constructor(stage: WorkspaceStage) {
    this.stage = stage;
    this.revision = stage.revision;
  }

  count(name: string, input: unknown): 'run' | 'refuse' | 'stuck' {
    if (this.stage.revision !== this.revision) this.counts.clear();
    this.revision = this.stage.revision;
    const key = `${name} ${JSON.stringify(input)}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (count > mostCalls) return 'stuck';
    return count > mostRuns ? 'refuse' : 'run';
  }
}
