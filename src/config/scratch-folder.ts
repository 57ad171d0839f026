import { lstatSync, mkdtempSync, readdirSync, readlinkSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';

/**
 * Makes a temporary folder for this process, readable by the user alone. Its name says whose it is, so that one whose process was killed can
 * be told from one that is in use.
 * @throws the system's error, such as EACCES or ENOSPC
 */
export function makeScratch(what: 'checks' | 'examples' | 'sandbox' | 'simulated'): string {
  return mkdtempSync(join(tmpdir(), `teelamma-${what}-${ownNamespace()}-${process.pid}-`));
}

/** Removes a folder with all that is in it, also where a check took its own rights away; links are removed and never followed. */
export async function removeScratch(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what processes left that were killed; gives how many there were. Another user's, and another container's, are left alone. */
export async function removeLeftScratch(): Promise<number> {
  const left = readdirSync(tmpdir()).filter(isLeft);
  for (const name of left) await removeScratch(join(tmpdir(), name));
  return left.length;
}

function isLeft(name: string): boolean {
  const [, namespace, pid] = /^teelamma-[a-z]+-(\d+)-(\d+)-\w{6}$/.exec(name) ?? [];
  if (namespace !== ownNamespace() || isRunning(Number(pid))) return false;
  const stats = lstatSync(join(tmpdir(), name), { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === (process.getuid?.() ?? stats.uid);
}

/** Process numbers count within a PID namespace, and a temporary folder may be shared by several. 0 where there are none. */
function ownNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is somebody else's.
    return codeOf(error) !== 'ESRCH';
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
  }
}
