import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ChildOptions } from '../../../src/verify/ledger-child.ts';
import { exitOf, startChild } from '../../../src/verify/start-child.ts';
import type { StormProgress } from '../../../src/verify/work-in-storm.ts';

export interface CrowdOptions {
  readonly processes: number;
  /** Turns to be done before the crowd is sent home. */
  readonly turns: number;
  /** The crowd is sent home after this time, whatever was done by then. Default: none. */
  readonly atMostMs?: number;
  /** Mean time between two kills of a process. */
  readonly killEveryMs: number;
  readonly random: () => number;
  /** Where the journals go, one for each process that ever ran. */
  readonly folder: string;
  /** What each process does; seed and journal are added. */
  readonly child: Omit<ChildOptions, 'seed' | 'journal'>;
  /** The child's program; default: from source. */
  readonly program?: string;
  readonly onProgress: (turns: number, killed: number) => void;
}

export interface CrowdReport {
  readonly journals: readonly string[];
  readonly processesStarted: number;
  readonly processesKilled: number;
  readonly seconds: number;
  readonly problems: readonly string[];
}

/**
 * Keeps so many processes at work on one ledger, killing one at random now and then and starting another in its place, until the turns
 * are done. In the end every other process is killed in the middle of its work, the rest leave in order.
 */
export async function runCrowd(options: CrowdOptions): Promise<CrowdReport> {
  const { processes, random } = options;
  const crowd = new Crowd(options);
  const startedAtMs = performance.now();
  try {
    for (let slot = 0; slot < processes; slot += 8) {
      await Promise.all(
        Array.from({ length: Math.min(8, processes - slot) }, (_, n) => crowd.start(slot + n)),
      );
    }
    const untilMs = startedAtMs + (options.atMostMs ?? Number.POSITIVE_INFINITY);
    while (crowd.turns < options.turns && crowd.problems.length === 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, options.killEveryMs * (0.5 + random())));
      await crowd.replace(Math.floor(random() * processes));
      options.onProgress(crowd.turns, crowd.killed);
    }
    await crowd.sendHome();
  } finally {
    crowd.killAll();
  }
  return {
    journals: crowd.journals,
    processesStarted: crowd.journals.length,
    processesKilled: crowd.killed,
    seconds: (performance.now() - startedAtMs) / 1_000,
    problems: crowd.problems,
  };
}

class Crowd {
  turns = 0;
  killed = 0;
  readonly journals: string[] = [];
  readonly problems: string[] = [];
  private readonly options: CrowdOptions;
  private readonly children = new Map<number, ChildProcess>();

  constructor(options: CrowdOptions) {
    this.options = options;
  }

  async start(slot: number): Promise<void> {
    const { folder, child: work, program, random } = this.options;
    const journal = join(folder, `journal-${this.journals.length}`);
    this.journals.push(journal);
    const seed = Math.floor(random() * 2 ** 31);
    const child = await startChild('storm', { ...work, seed, journal }, program);
    child.on('message', (message) => {
      this.turns += (message as StormProgress).turns;
    });
    child.on('exit', (code) => {
      if (code !== 0 && code !== null) this.problems.push(`a process failed, exit code ${code}`);
    });
    this.children.set(slot, child);
    child.send('go');
  }

  async replace(slot: number): Promise<void> {
    await this.kill(slot);
    await this.start(slot);
  }

  async sendHome(): Promise<void> {
    const slots = [...this.children.keys()];
    await Promise.all(slots.filter((slot) => slot % 2 === 1).map((slot) => this.kill(slot)));
    for (const child of this.children.values()) child.send('leave');
    await Promise.all([...this.children.values()].map(exitOf));
  }

  killAll(): void {
    for (const child of this.children.values()) child.kill('SIGKILL');
  }

  private async kill(slot: number): Promise<void> {
    const child = this.children.get(slot);
    this.children.delete(slot);
    if (!child) return;
    child.kill('SIGKILL');
    await exitOf(child);
    this.killed += 1;
  }
}
