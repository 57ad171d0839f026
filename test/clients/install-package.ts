import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A package in a folder of its own, or why it is not there. */
export type InstalledPackage =
  | (AsyncDisposable & { readonly folder: string; readonly problem: null })
  | (AsyncDisposable & { readonly folder: null; readonly problem: string });

/**
 * Installs one package into a temporary folder, without running its scripts: these programs are too big to come with `npm ci` (the
 * inspector 110 MB, Claude Code 356 MB). Disposing removes it.
 */
export async function installPackage(name: string, version: string): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-client-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run this with `npm run test:clients`, which says where npm is.');
  await writeFile(join(folder, 'package.json'), '{"private": true}\n');
  try {
    const args = [
      npm,
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--omit=dev',
      `${name}@${version}`,
    ];
    await promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 240_000 });
    return { folder, problem: null, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    const problem =
      error instanceof Error
        ? (error.message.split('\n').find((line) => /error/i.test(line)) ?? error.message)
        : String(error);
    return { folder: null, problem, [Symbol.asyncDispose]: async () => undefined };
  }
}
