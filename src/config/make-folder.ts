import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../errors.ts';

/**
 * Makes a folder and the ones above it, each readable by the user alone; one that is there stays as it is. Node's own recursive form
 * never returns on a file system that refuses new folders as if they had no parent, as /proc does.
 * @throws the system's error, such as ENOENT, EACCES, ENOTDIR, EROFS
 */
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it since.
    const isThere = codeOf(error) === 'EEXIST';
    if (!isThere || !statSync(folder).isDirectory()) throw error;
  }
}
