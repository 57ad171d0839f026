import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chown, lstat, mkdir, open, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { holdsSecrets } from '../parse-path.ts';
import type { Mount } from '../sandbox/Sandbox.ts';
import type { CheckedFile } from './CheckReport.ts';
import { secretValues } from './secret-values.ts';
import { linkedNames, whyNotInside } from './why-not-inside.ts';

export interface CopyOptions {
  readonly workspaceFolder: string;
  /** Made; must not exist. */
  readonly into: string;
  readonly changes: readonly CheckedFile[];
  /** Who is to own the copy; undefined for this process. */
  readonly ownerId: number | undefined;
  readonly mostFiles: number;
  readonly mostBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export type CopyResult =
  | {
      readonly copied: true;
      /** The copy at the workspace's own place, and what is shown of the workspace itself, read-only. */
      readonly mounts: readonly Mount[];
      /** SHA-256 of all that was copied, without the changes. */
      readonly contentHash: string;
      /** Values of its files that hold keys by custom (`.env`): checks may need them, and nobody else is to see them. */
      readonly secrets: ReadonlySet<string>;
      /** What this user may not read, and the copy therefore lacks. */
      readonly unreadable: readonly string[];
    }
  | { readonly copied: false; readonly why: string };

/** Left out: a repository's own data may hold passwords in its remotes, and the rest is made anew by whoever needs it. */
const leftOutNames = new Set([
  '.git',
  '.hg',
  '.svn',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.gradle',
  '.next',
  '.turbo',
]);

/**
 * Copies a workspace, applies changes to the copy, and says how a sandbox is to show it. Links are copied as links; nothing is written
 * through one. Sockets and devices are left out, and so is what goes away meanwhile: others may be at work in the folder.
 * @throws The signal's reason, when it is aborted, and the system's error where the copy cannot be written.
 */
export async function copyWorkspace(options: CopyOptions): Promise<CopyResult> {
  const { workspaceFolder, into, changes, mostFiles, mostBytes, signal } = options;
  const badPath = changes.map(({ path }) => whyNotInside(path)).find((why) => why !== undefined);
  if (badPath !== undefined) return { copied: false, why: badPath };
  const hash = createHash('sha256');
  const mounts: Mount[] = [{ source: into, target: workspaceFolder, access: 'read-write' }];
  const unreadable: string[] = [];
  const secrets = new Set<string>();
  let files = 0;
  let bytes = 0;
  /** Looks at something of the workspace; null where it is not there any more, or not for this user. */
  const lookAt = async <T>(path: string, look: () => Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM'].includes(code)) throw error;
      if (code === 'EACCES' || code === 'EPERM') unreadable.push(path);
      return null;
    }
  };
  const own = async (path: string): Promise<void> => {
    if (options.ownerId !== undefined) await chown(path, options.ownerId, options.ownerId);
  };
  const makeFolder = async (path: string): Promise<void> => {
    await mkdir(path);
    await own(path);
  };

  const copyFolder = async (relative: string): Promise<string | null> => {
    signal?.throwIfAborted();
    const list = () => readdir(join(workspaceFolder, relative), { withFileTypes: true });
    const entries = (await lookAt(relative, list)) ?? [];
    const buildsInTarget = entries.some(({ name }) => name === 'Cargo.toml' || name === 'pom.xml');
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const source = join(workspaceFolder, path);
      const target = join(into, path);
      if (leftOutNames.has(entry.name) || (buildsInTarget && entry.name === 'target')) continue;
      if (entry.isDirectory()) {
        await makeFolder(target);
        if (linkedNames.has(entry.name)) {
          const linked = await linkFolder(source, target);
          mounts.push(...linked);
          continue;
        }
        const problem = await copyFolder(path);
        if (problem !== null) return problem;
      } else if (entry.isSymbolicLink()) {
        const destination = await lookAt(path, () => readlink(source));
        if (destination === null) continue;
        await symlink(destination, target);
        hash.update(`${path}\0link\0${destination}\0`);
      } else if (entry.isFile()) {
        const file = await lookAt(path, () => readUpTo(source, mostBytes - bytes));
        if (file === null) continue;
        const { content, mode } = file;
        files += 1;
        bytes += content?.length ?? 0;
        if (files > mostFiles) return `the workspace has more than ${mostFiles} files`;
        if (content === null || bytes > mostBytes)
          return `the workspace has more than ${Math.round(mostBytes / 1024 ** 2)} MiB of files`;
        if (holdsSecrets(entry.name)) for (const value of secretValues(content)) secrets.add(value);
        await writeFile(target, content, { mode: mode & 0o777, flag: 'wx' });
        await own(target);
        hash.update(`${path}\0${mode & 0o111}\0${content.length}\0`).update(content);
      }
    }
    return null;
  };

  /** Entry by entry, so that tools which keep a cache inside (vite) find the folder itself writable; a huge one as a whole. */
  const linkFolder = async (source: string, target: string): Promise<Mount[]> => {
    const path = target.slice(into.length + 1);
    const shown = join(workspaceFolder, path);
    const entries = (await lookAt(path, () => readdir(source, { withFileTypes: true }))) ?? [];
    if (entries.length > 600) return [{ source, target: shown, access: 'read-only' }];
    const linked: Mount[] = [];
    for (const entry of entries) {
      const inside = join(target, entry.name);
      if (entry.isSymbolicLink()) {
        const destination = await lookAt(join(path, entry.name), () => readlink(join(source, entry.name)));
        if (destination !== null) await symlink(destination, inside);
      } else if (entry.isDirectory()) {
        if (entry.name.startsWith('.vite')) continue;
        await makeFolder(inside);
      } else await writeFile(inside, '');
      if (!entry.isSymbolicLink()) {
        linked.push({
          source: join(source, entry.name),
          target: join(shown, entry.name),
          access: 'read-only',
        });
      }
    }
    return linked;
  };

  await makeFolder(into);
  const problem = await copyFolder('');
  if (problem !== null) return { copied: false, why: problem };
  for (const change of changes) {
    const conflict = await applyChange(into, change, own);
    if (conflict !== undefined) return { copied: false, why: conflict };
  }
  return { copied: true, mounts, contentHash: hash.digest('hex'), secrets, unreadable };
}

/** A file's whole content, null where it is longer than that; null for what is no file any more. Pipes are never waited for. */
async function readUpTo(
  file: string,
  mostBytes: number,
): Promise<{ readonly content: Buffer | null; readonly mode: number } | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return null;
    return { content: stats.size > mostBytes ? null : await handle.readFile(), mode: stats.mode };
  } finally {
    await handle.close();
  }
}

async function applyChange(
  root: string,
  { path, content }: CheckedFile,
  own: (path: string) => Promise<void>,
): Promise<string | undefined> {
  const parts = path.split('/');
  let folder = root;
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part);
    const found = await lstat(folder).catch(() => null);
    if (found === null) {
      if (content === null) return undefined;
      await mkdir(folder);
      await own(folder);
    } else if (!found.isDirectory()) {
      return `${JSON.stringify(path)} leads through ${part}, which is ${found.isSymbolicLink() ? 'a link' : 'a file'}`;
    }
  }
  const target = join(dirname(join(root, path)), parts.at(-1) ?? '');
  const former = await lstat(target).catch(() => null);
  if (former?.isDirectory()) return `${JSON.stringify(path)} is a folder`;
  await rm(target, { force: true });
  if (content === null) return undefined;
  await writeFile(target, content, { flag: 'wx', mode: former?.isFile() ? former.mode & 0o777 : 0o644 });
  await own(target);
  return undefined;
}
