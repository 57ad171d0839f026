import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildOptions } from './ledger-child.ts';

/** The child's program beside this module: as source, or as the package has it. */
const childProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './ledger-child.ts' : '../verify/ledger-child.js',
    import.meta.url,
  ),
);

/** Starts a ledger child and waits until it is ready to be told to begin. */
export async function startChild(
  mode: 'race' | 'storm',
  options: ChildOptions,
  program = childProgram,
): Promise<ChildProcess> {
  const stripTypes = program.endsWith('.ts') ? ['--experimental-strip-types'] : [];
  const child = fork(program, [mode, JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...stripTypes],
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
