import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../src/cli/main.ts');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  /** What it has printed up to now. */
  readonly printed: { stdout: string; stderr: string };
  readonly result: Promise<CommandResult>;
}

/** Starts the command from its source, in an environment that holds nothing but PATH, UTC and what is given. */
export function startTeelamma(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): RunningCommand {
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  const result = once(child, 'close').then(() => ({ code: child.exitCode, ...printed }));
  return { child, printed, result };
}

export function teelamma(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  return startTeelamma(words, environment).result;
}
