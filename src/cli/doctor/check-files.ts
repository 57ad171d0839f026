import { closeSync, existsSync, openSync, readFileSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Paths } from '../../config/Config.ts';
import { messageOf } from '../../errors.ts';
import type { Check, Findings } from './Check.ts';

const littleSpaceBytes = 200e6;
const noSpaceBytes = 5e6;

/** Whether state/ and logs/ can be written, how private they are, and how much room the disk has. Usable where state/ can be written. */
export function checkFiles(paths: Paths): Findings {
  const state = checkFolder('State folder', paths.stateFolder);
  const logs = checkFolder('Log folder', paths.logFolder);
  const space = checkSpace(paths.stateFolder);
  const checks = [state, logs, space, ...checkModes(paths), ...checkMirror(paths.budgetFile)];
  return { checks, isUsable: state.status !== 'fail' && space.status !== 'fail' };
}

/** Tries it: permission bits say little about read-only file systems, quotas and root. */
function checkFolder(name: string, folder: string): Check {
  const there = existingFolder(folder);
  const probe = join(there, `.teelamma-doctor-${process.pid}`);
  try {
    closeSync(openSync(probe, 'wx', 0o600));
    unlinkSync(probe);
  } catch (error) {
    const found = `${there} cannot be written: ${messageOf(error)}`;
    return {
      name,
      status: 'fail',
      found,
      fix: `make it yours and writable (chown, chmod u+rwx ${there}), or set TEELAMMA_HOME elsewhere`,
    };
  }
  return { name, status: 'ok', found: there === folder ? folder : `${folder} (made at first use)` };
}

function checkSpace(folder: string): Check {
  const name = 'Disk';
  try {
    const { bavail, bsize } = statfsSync(existingFolder(folder));
    const freeBytes = bavail * bsize;
    const found = `${formatBytes(freeBytes)} free`;
    if (freeBytes < noSpaceBytes)
      return {
        name,
        status: 'fail',
        found,
        fix: 'free some space: the ledger cannot be written on a full disk',
      };
    if (freeBytes < littleSpaceBytes)
      return { name, status: 'warn', found, fix: 'free some space before the ledger and the logs need it' };
    return { name, status: 'ok', found };
  } catch (error) {
    return { name, status: 'warn', found: `free space is not known: ${messageOf(error)}` };
  }
}

function checkModes(paths: Paths): Check[] {
  if (process.platform === 'win32') return [];
  const { ledgerFile, budgetFile, configFile, stateFolder, logFolder } = paths;
  const files = [
    ledgerFile,
    `${ledgerFile}-wal`,
    `${ledgerFile}-shm`,
    budgetFile,
    configFile,
    stateFolder,
    logFolder,
  ];
  const open = files.filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
  if (open.length === 0) return [];
  const found = `others on this machine can read ${open.join(', ')}`;
  return [
    { name: 'Privacy', status: 'warn', found, fix: `chmod go= ${open.map((file) => `"${file}"`).join(' ')}` },
  ];
}

/** The JSON file is a copy that is written after each change; only an older installation's is ever read. */
function checkMirror(budgetFile: string): Check[] {
  if (!existsSync(budgetFile)) return [];
  try {
    JSON.parse(readFileSync(budgetFile, 'utf8'));
    return [];
  } catch (error) {
    const found = `${budgetFile} is not readable JSON: ${messageOf(error)}`;
    return [
      {
        name: 'Budget file',
        status: 'warn',
        found,
        fix: `delete it (rm "${budgetFile}"); it is written again from the ledger`,
      },
    ];
  }
}

function existingFolder(folder: string): string {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return there;
}

function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
