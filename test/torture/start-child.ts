import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildOptions } from './ledger-child.ts';

/** Starts a ledger child and waits until it is ready to be told to begin. */
export async function startChild(mode: 'race' | 'storm', options: ChildOptions): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./ledger-child.ts', import.meta.url));
  const child = fork(script, [mode, JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'],
  });
  await messageFrom(child);
  return child;
}

/** The child's next message; an error where it ends first. */
export function messageFrom(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`A ledger child ended early, code ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** Resolves when the child is gone. */
export function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
