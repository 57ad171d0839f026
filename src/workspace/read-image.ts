import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import type { FileImage } from './FileChange.ts';
import { Refusal } from './Refusal.ts';

/**
 * Reads a whole file of the workspace; null where there is none. The path has its links resolved already, so one that has become a link
 * since, or whose folder has, is refused; pipes and devices are never waited for.
 */
export function readImage(folder: string, path: string, maxBytes: number): FileImage | null | Refusal {
  const absolute = join(folder, ...path.split('/'));
  let file: number;
  try {
    file = openSync(absolute, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ELOOP')
      return new Refusal(`${path} has become a link, so it is not read. Leave it as it is.`);
    return new Refusal(`${path} cannot be read (${code}). Go on without it.`);
  }
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory())
      return new Refusal(`${path} is a folder. List it with list_files, and name a file in it.`);
    if (!stats.isFile())
      return new Refusal(
        `${path} is no ordinary file, so it is neither read nor changed. Leave it as it is.`,
      );
    if (realpathSync(absolute) !== absolute) {
      return new Refusal(
        `A folder on the way to ${path} has become a link, so it is not read. Leave it as it is.`,
      );
    }
    if (stats.size > maxBytes) {
      return new Refusal(
        `${path} is ${(stats.size / 1e6).toFixed(1)} MB long; at most ${maxBytes / 1e6} MB are read. Go on without it.`,
      );
    }
    return { content: readAll(file, stats.size), mode: stats.mode & 0o7777 };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' ? null : new Refusal(`${path} cannot be read (${code}). Go on without it.`);
  } finally {
    closeSync(file);
  }
}

/** At most as much as the file had when it was looked at, so that one that grows is not read without end. */
function readAll(file: number, size: number): Buffer {
  const content = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const bytes = readSync(file, content, length, size - length, null);
    if (bytes === 0) break;
    length += bytes;
  }
  return content.subarray(0, length);
}
