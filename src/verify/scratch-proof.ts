import { tmpdir } from 'node:os';
import { AbortedError, TeelammaError } from '../errors.ts';
import { killRun } from './kill-run.ts';
import { type RaceReport, race } from './race.ts';

export interface ScratchProofOptions {
  /** That race on one budget, 2 or more. */
  readonly processes: number;
  /** That each of them asks for. */
  readonly reservations: number;
  /** Kill runs, 1 to 3 processes each. */
  readonly runs: number;
  readonly seed: number;
  /** Looked at between runs. */
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

export interface ScratchProof {
  readonly race: Omit<RaceReport, 'problems'> & { readonly processes: number };
  readonly kills: {
    readonly runs: number;
    readonly processesKilled: number;
    readonly sentTurns: number;
    readonly acknowledgedSettles: number;
    readonly assumedTurns: number;
    readonly releasedTokens: number;
  };
  readonly seconds: number;
  readonly problems: readonly string[];
}

/** Runs that follow where no killed process had sent a turn. */
const mostExtraRuns = 8;

/**
 * Races processes on one budget and kills others in the middle of their work, over SQLite files in temporary folders that are removed
 * again. Asks no provider.
 * @throws TeelammaError `state-unwritable` where no temporary folder can be made, `aborted`
 */
export async function scratchProof(options: ScratchProofOptions): Promise<ScratchProof> {
  const { processes, reservations, runs, seed, signal, onProgress } = options;
  const startedAtMs = performance.now();
  const problems: string[] = [];
  const kills = {
    processesKilled: 0,
    sentTurns: 0,
    acknowledgedSettles: 0,
    assumedTurns: 0,
    releasedTokens: 0,
  };
  try {
    onProgress(`${processes} processes race on one budget`);
    const { problems: raceProblems, ...raced } = await race(processes, reservations, seed);
    problems.push(...raceProblems.map((problem) => `In the race (seed ${seed}): ${problem}.`));
    let run = 0;
    // Some are killed while they begin; where all were, more follow, because those prove nothing about turns that were sent.
    const isDone = () => run >= runs && (kills.sentTurns > 0 || run >= runs + mostExtraRuns);
    for (; runs > 0 && !isDone(); run += 1) {
      stopWhereAborted(signal);
      onProgress(`killing processes, run ${run + 1} of ${Math.max(runs, run + 1)}`);
      const runSeed = seed + (run + 1) * 1_000;
      const report = await killRun(runSeed);
      kills.processesKilled += report.processes;
      kills.sentTurns += report.sentTurns;
      kills.acknowledgedSettles += report.acknowledgedSettles;
      kills.assumedTurns += report.assumedTurns;
      kills.releasedTokens += report.releasedTokens;
      problems.push(
        ...report.problems.map((problem) => `In kill run ${run + 1} (seed ${runSeed}): ${problem}.`),
      );
    }
    if (runs > 0 && kills.sentTurns === 0) {
      problems.push(
        `In ${run} kill runs no process came to send a turn, so they prove nothing: this machine is too busy. Run it again when it is not.`,
      );
    }
    const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
    return { race: { processes, ...raced }, kills: { runs: run, ...kills }, seconds, problems };
  } catch (error) {
    stopWhereAborted(signal);
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new TeelammaError(
      'state-unwritable',
      `The race and kill test needs a temporary folder in ${tmpdir()} and processes of its own: ${error.message}. Set TMPDIR to a folder on a local disk, or use --audit-only.`,
      { cause: error },
    );
  }
}

function stopWhereAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AbortedError(signal.reason);
}
