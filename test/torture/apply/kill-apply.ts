import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AppliedTasks, recoverAll } from '../../../src/workspace/apply/AppliedTasks.ts';
import { filesAfter, filesBefore, stagedChanges } from './changes.ts';

const child = join(import.meta.dirname, 'child.ts');

export interface KillReport {
  /** Changes of the disk that the whole of it takes, each a point to die at. */
  readonly points: number;
  readonly kills: number;
  /** How often the folder was as before, or wholly changed, after the recovery; anything else is a failure. */
  readonly asBefore: number;
  readonly asAfter: number;
  readonly failures: readonly string[];
}

/**
 * Kills an apply, or an undo, at so many points spread over its changes of the disk (each of them by default), and sees that recovery leaves the folder as it was or wholly
 * changed, with no file beside it. Every third time the recovery is killed too, at another point, before one is let through.
 */
export async function killApply(
  what: 'apply' | 'undo',
  mostPoints = Number.POSITIVE_INFINITY,
): Promise<KillReport> {
  const points = Number(await inFreshFolder(what, async (folder, state) => run(what, folder, state, 0)));
  const report = { points, kills: 0, asBefore: 0, asAfter: 0, failures: [] as string[] };
  const stride = Math.max(1, points / mostPoints);
  for (let next = 1; next <= points; next += stride) {
    const at = Math.round(next);
    await inFreshFolder(what, async (folder, state) => {
      run(what, folder, state, at);
      report.kills += 1;
      if (at % 3 === 0) {
        run('recover', folder, state, 1 + (at % 17));
        report.kills += 1;
      }
      await recoverAll(state);
      const found = filesIn(folder);
      const list = await new AppliedTasks({ folder, stateFolder: state }, { nowMs: Date.now }).list();
      const isApplied = list[0]?.status === 'applied';
      if (isDeepStrictEqual(found, filesBefore) && !isApplied) report.asBefore += 1;
      else if (isDeepStrictEqual(found, filesAfter) && isApplied) report.asAfter += 1;
      else report.failures.push(`${what} killed at ${at}: ${JSON.stringify({ found, isApplied })}`);
    });
  }
  return report;
}

function run(what: string, folder: string, state: string, killAt: number): string {
  const { stdout, signal, status, stderr } = spawnSync(
    process.execPath,
    [child, what, folder, state, String(killAt)],
    { encoding: 'utf8' },
  );
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`${what} ended with ${status}: ${stderr}`);
  return stdout;
}

async function inFreshFolder<T>(
  what: 'apply' | 'undo',
  use: (folder: string, state: string) => Promise<T>,
): Promise<T> {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-kill-')));
  const [folder, stateFolder] = [join(above, 'project'), join(above, 'state')];
  try {
    for (const [path, text] of Object.entries(filesBefore)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    if (what === 'undo') {
      const tasks = new AppliedTasks({ folder, stateFolder }, { nowMs: Date.now });
      await tasks.apply(stagedChanges(folder), { taskId: 'task', task: 'Change it' });
    }
    return await use(folder, stateFolder);
  } finally {
    rmSync(above, { recursive: true, force: true });
  }
}

function filesIn(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    found.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(folder.length + 1), readFileSync(file, 'utf8')] as const;
    }),
  );
}
