import { readdirSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, TeelammaError } from '../errors.ts';
import { ignoresCase, type WorkspaceRoot } from './locate.ts';

/**
 * The folder that a task is to work in.
 * @throws TeelammaError `invalid-argument` where it is none, or cannot be read
 */
export function openRoot(given: string, closedFolders: readonly string[]): WorkspaceRoot {
  const folder = realFolder(given);
  return { folder, ignoresCase: ignoresCase(folder), closedFolders: closedFolders.map(resolvedWhereThere) };
}

function resolvedWhereThere(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

function realFolder(folder: string): string {
  const absolute = resolve(folder);
  try {
    const real = realpathSync(absolute);
    if (!statSync(real).isDirectory()) throw invalidWorkspace(absolute, 'is no folder');
    readdirSync(real);
    return real;
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof TeelammaError || code === undefined) throw error;
    throw invalidWorkspace(absolute, code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`, error);
  }
}

function invalidWorkspace(folder: string, problem: string, cause?: unknown): TeelammaError {
  const message = `The workspace ${folder} ${problem}. Name the folder of the project that the task is to change.`;
  return new TeelammaError('invalid-argument', message, { cause });
}
