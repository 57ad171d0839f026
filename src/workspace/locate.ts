import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { reservedIn } from './parse-path.ts';
import { Refusal } from './Refusal.ts';

/** Where a path leads in the workspace as it is on disk. */
export interface Place {
  /** Relative to the workspace with `/`, links resolved, in the spelling that the disk has; '' for the workspace itself. */
  readonly path: string;
  /** Null where nothing is there. */
  readonly stats: Stats | null;
}

export interface WorkspaceRoot {
  /** Absolute, with links resolved. */
  readonly folder: string;
  /** Whether its file system takes `A` and `a` for one name. */
  readonly ignoresCase: boolean;
  /** Absolute folders that no task may touch, such as the installation's own. */
  readonly closedFolders: readonly string[];
}

/** Follows a path's parts on disk. Links are followed as long as they stay inside; a link that leads out is refused. */
export function locate(root: WorkspaceRoot, parts: readonly string[]): Place | Refusal {
  const given = parts.join('/');
  let at: readonly string[] = [];
  let stats: Stats | null = statsOf(root.folder);
  for (const [index, part] of parts.entries()) {
    if (!stats?.isDirectory())
      return new Refusal(`${at.join('/')} is no folder, so there is no ${given}. List the folder.`);
    const name = nameOnDisk(root, at, part);
    const next = name === null ? null : statsOf(join(root.folder, ...at, name));
    if (name === null || next === null) {
      at = [...at, ...parts.slice(index)];
      stats = null;
      break;
    }
    at = [...at, name];
    stats = next;
    if (!next.isSymbolicLink()) continue;
    const target = followLink(root, at);
    if (target instanceof Refusal) return target;
    at = target;
    stats = statsOf(join(root.folder, ...at));
  }
  const isClosed = isInside(join(root.folder, ...at), root.closedFolders);
  if (isClosed)
    return new Refusal(
      `${given} belongs to ClaudeTeelamma itself, and a task does not touch it. Leave it alone.`,
    );
  return reservedIn(at, JSON.stringify(given)) ?? { path: at.join('/'), stats };
}

/** Whether two names would be one on some file systems: letter case, and composed or decomposed letters. */
export function areOneName(a: string, b: string): boolean {
  return a.normalize('NFC').toLowerCase() === b.normalize('NFC').toLowerCase();
}

/** None where there is no such folder. */
function namesIn(root: WorkspaceRoot, folder: readonly string[]): readonly string[] {
  try {
    return readdirSync(join(root.folder, ...folder));
  } catch {
    return [];
  }
}

/** Whether the file system under a folder takes other letter case for the same name. */
export function ignoresCase(folder: string): boolean {
  const swapped = folder.replace(/\p{L}(?=[^\p{L}]*$)/u, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
  if (swapped === folder) return process.platform === 'win32' || process.platform === 'darwin';
  const [one, other] = [statsOf(folder), statsOf(swapped)];
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev;
}

/** The spelling that the disk has for a name: a composed letter finds a decomposed one, and case counts only where it does on disk. */
function nameOnDisk(root: WorkspaceRoot, folder: readonly string[], name: string): string | null {
  const isThere = statsOf(join(root.folder, ...folder, name)) !== null;
  if (isThere && !root.ignoresCase) return name;
  const names = namesIn(root, folder);
  if (names.includes(name)) return name;
  const composed = name.normalize('NFC');
  const same = names.find((other) => other.normalize('NFC') === composed);
  if (same !== undefined) return same;
  return isThere ? (names.find((other) => areOneName(other, name)) ?? name) : null;
}

function followLink(root: WorkspaceRoot, at: readonly string[]): readonly string[] | Refusal {
  const path = at.join('/');
  let target: string;
  try {
    target = realpathSync(join(root.folder, ...at));
  } catch {
    return new Refusal(
      `${path} is a link that leads nowhere, so it is neither read nor changed. Leave it as it is.`,
    );
  }
  if (!isInside(target, [root.folder])) {
    return new Refusal(
      `${path} is a link that leads out of the workspace, so it is neither read nor changed. Use files in the workspace.`,
    );
  }
  return relative(root.folder, target)
    .split(sep)
    .filter((part) => part !== '');
}

function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some(
    (folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep),
  );
}

function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // Not a folder on the way, or not readable: for the task it is not there, and reading it says why.
    return null;
  }
}
