import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../errors.ts';

/** Who a file belongs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Writes a new file that is on disk when this returns; it belongs to `owner`, as far as this process may give it away.
 * @throws the system's error; EEXIST where one is there
 */
export function writeDurably(file: string, content: Buffer | string, mode: number, owner?: Owner): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle = openSync(file, flags, 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    if (owner) giveTo(owner, handle);
    fchmodSync(handle, mode);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Root may give a file to anybody, others to a group that they are in; what they may not stays theirs. */
function giveTo({ uid, gid }: Owner, handle: number): void {
  const now = fstatSync(handle);
  if (now.uid === uid && now.gid === gid) return;
  try {
    fchownSync(handle, process.getuid?.() === 0 ? uid : now.uid, gid);
  } catch (error) {
    if (!['EPERM', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
  }
}

/** Renames within a folder, or between folders, and is done when the folders know it. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) syncFolder(dirname(from));
}

/** Brings what a folder lists to disk; where a system has no such thing (Windows), it needs none. */
export function syncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, constants.O_RDONLY);
  } catch (error) {
    if (['EISDIR', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')) return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'EISDIR'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    closeSync(handle);
  }
}
