import { setTimeout as delay } from 'node:timers/promises';
import { TeelammaError } from '../../errors.ts';
import { createPrivateFile } from '../../state/sqlite/connection.ts';
import { isBusy } from '../../state/sqlite/sqlite-errors.ts';

const longestWaitMs = 10_000;
const pauseMs = 50;

/**
 * Takes a lock that holds until it is released or the process ends, whatever ends it. It is SQLite's lock on an empty file, since Node has
 * no file locks of its own.
 * @throws TeelammaError `workspace-busy` where another process keeps it for longer than 10 s
 */
export async function takeLock(file: string, workspaceFolder: string): Promise<Disposable> {
  const { DatabaseSync } = await import('node:sqlite');
  createPrivateFile(file);
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    const db = new DatabaseSync(file);
    try {
      db.exec('BEGIN EXCLUSIVE');
      return { [Symbol.dispose]: () => db.close() };
    } catch (error) {
      db.close();
      if (!isBusy(error)) throw error;
      if (waitedMs >= longestWaitMs) throw busy(workspaceFolder, error);
    }
    await delay(pauseMs);
  }
}

function busy(folder: string, cause: unknown): TeelammaError {
  const message = `Another process is applying or undoing a task in ${folder}. Nothing was changed; try again when it is done.`;
  return new TeelammaError('workspace-busy', message, { cause, isRetryable: true });
}
