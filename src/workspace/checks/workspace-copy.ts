import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Mount } from '../sandbox/Sandbox.ts';
import type { CheckedFile } from './CheckReport.ts';
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
 * through one. Sockets and devices are left out.
 */
export async function copyWorkspace(options: CopyOptions): Promise<CopyResult> {
  const { workspaceFolder, into, changes, mostFiles, mostBytes, signal } = options;
  const badPath = changes.map(({ path }) => whyNotInside(path)).find((why) => why !== undefined);
  if (badPath !== undefined) return { copied: false, why: badPath };
  const hash = createHash('sha256');
  const mounts: Mount[] = [{ source: into, target: workspaceFolder, access: 'read-write' }];
  let files = 0;
  let bytes = 0;
  const own = async (path: string): Promise<void> => {
    if (options.ownerId !== undefined) await chown(path, options.ownerId, options.ownerId);
  };
  const makeFolder = async (path: string): Promise<void> => {
    await mkdir(path);
    await own(path);
  };

  const copyFolder = async (relative: string): Promise<string | null> => {
    signal?.throwIfAborted();
    const entries = await readdir(join(workspaceFolder, relative), { withFileTypes: true });
    const hasCargo = entries.some(({ name }) => name === 'Cargo.toml');
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const source = join(workspaceFolder, path);
      const target = join(into, path);
      if (leftOutNames.has(entry.name) || (hasCargo && entry.name === 'target')) continue;
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
        const destination = await readlink(source);
        await symlink(destination, target);
        hash.update(`${path}\0link\0${destination}\0`);
      } else if (entry.isFile()) {
        const content = await readFile(source);
        files += 1;
        bytes += content.length;
        if (files > mostFiles) return `the workspace has more than ${mostFiles} files`;
        if (bytes > mostBytes)
          return `the workspace has more than ${Math.round(mostBytes / 1024 ** 2)} MiB of files`;
        const { mode } = await lstat(source);
        await writeFile(target, content, { mode: mode & 0o777, flag: 'wx' });
        await own(target);
        hash.update(`${path}\0${mode & 0o111}\0${content.length}\0`).update(content);
      }
    }
    return null;
  };

  /** Entry by entry, so that tools which keep a cache inside (vite) find the folder itself writable; a huge one as a whole. */
  const linkFolder = async (source: string, target: string): Promise<Mount[]> => {
    const shown = join(workspaceFolder, target.slice(into.length));
    const entries = await readdir(source, { withFileTypes: true });
    if (entries.length > 600) return [{ source, target: shown, access: 'read-only' }];
    const linked: Mount[] = [];
    for (const entry of entries) {
      const inside = join(target, entry.name);
      if (entry.isSymbolicLink()) await symlink(await readlink(join(source, entry.name)), inside);
      else if (entry.isDirectory()) {
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
  return { copied: true, mounts, contentHash: hash.digest('hex') };
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
