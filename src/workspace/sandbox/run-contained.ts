import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { CappedOutput } from './CappedOutput.ts';
import { processTree } from './process-tree.ts';
import type { CommandOutcome, LimitName, Limits } from './Sandbox.ts';

export interface ContainedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly input?: string;
  /** A folder on the disk whose free space is watched. */
  readonly watchedFolder: string;
  /** Handed to the command as file descriptor 3; bubblewrap reads its arguments from it. */
  readonly onDescriptor3?: Buffer;
}

const watchEveryMs = 150;

/**
 * Starts a command and holds it to its limits of time, output, memory, processes and disk, watching it from outside; when it ends or is
 * ended, so is everything that it started.
 * @throws The signal's reason, when it is aborted.
 */
export async function runContained(command: ContainedCommand, signal?: AbortSignal): Promise<CommandOutcome> {
  signal?.throwIfAborted();
  const { limits } = command;
  const startMs = performance.now();
  const output = new CappedOutput();
  const freeBytes = freeSpace(command.watchedFolder);
  const [program, ...rest] = command.argv;
  const child = spawn(program, rest, {
    cwd: command.folder,
    env: command.environment,
    // Its own process group, so that all of it can be ended where there is no PID namespace.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });

  let stopped: { by: LimitName; message: string } | undefined;
  const kill = (): void => {
    if (child.pid === undefined) return;
    // The root first: with it goes the PID namespace, and nothing can be started any more.
    const { pids } = processTree(child.pid);
    for (const pid of [-child.pid, child.pid, ...pids]) endProcess(pid);
  };
  const stop = (by: LimitName, message: string): void => {
    stopped ??= { by, message };
    kill();
  };
  const watch = (): void => {
    if (child.pid === undefined) return;
    const tree = processTree(child.pid);
    if (tree.threads > limits.processes * 2 || tree.pids.length > limits.processes + 4) {
      stop('processes', `it had ${tree.pids.length} processes at once; ${limits.processes} are allowed`);
    } else if (tree.memoryBytes > limits.memoryBytes) {
      stop(
        'memory',
        `it used ${megabytes(tree.memoryBytes)} of memory; ${megabytes(limits.memoryBytes)} are allowed`,
      );
    } else if (freeBytes - freeSpace(command.watchedFolder) > limits.diskBytes) {
      stop('disk', `the disk lost more than ${megabytes(limits.diskBytes)} while it ran`);
    }
  };
  const onAbort = (): void => kill();
  const timer = setTimeout(
    () => stop('time', `it did not end within ${Math.round(limits.timeMs / 100) / 10} s`),
    limits.timeMs,
  );
  const watcher = setInterval(watch, watchEveryMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  const onOutput = (chunk: Buffer): void => {
    output.add(chunk);
    if (output.totalBytes > limits.outputBytes) {
      stop('output', `it wrote more than ${megabytes(limits.outputBytes)} of output`);
    }
  };
  child.stdout?.on('data', onOutput);
  child.stderr?.on('data', onOutput);
  // The command may end before it has read what it was given.
  child.stdin?.on('error', () => {});
  child.stdin?.end(command.input ?? '');
  const extra = child.stdio[3];
  if (extra && 'end' in extra) {
    extra.on('error', () => {});
    extra.end(command.onDescriptor3 ?? '');
  }

  try {
    const end = await new Promise<CommandOutcome['end']>((resolve) => {
      child.once('error', (error) => resolve({ type: 'not-started', message: error.message }));
      child.once('exit', () => {
        // Where there is no namespace, something in the background may hold the output open for ever.
        if (child.pid !== undefined) endProcess(-child.pid);
      });
      child.once('close', (exitCode, endSignal) =>
        resolve(
          exitCode === null ? { type: 'killed', signal: endSignal ?? '?' } : { type: 'exited', exitCode },
        ),
      );
    });
    signal?.throwIfAborted();
    return {
      end: stopped ? { type: 'stopped', ...stopped } : end,
      output: output.toString(),
      durationMs: Math.round(performance.now() - startMs),
    };
  } finally {
    clearTimeout(timer);
    clearInterval(watcher);
    signal?.removeEventListener('abort', onAbort);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function freeSpace(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
