/**
 * Applies, undoes or recovers in a process that kills itself at its n-th change of the disk: `child.ts <what> <folder> <state> <n>`; with
 * n = 0 it ends by itself and prints how many there were.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { stagedChanges } from './changes.ts';

const [what = '', folder = '', stateFolder = '', at = '0'] = process.argv.slice(2);
const killAt = Number(at);
let count = 0;

/** Before each, since what comes before the first and after the last change is the same as no kill. */
function step(): void {
  count += 1;
  if (count === killAt) process.kill(process.pid, 'SIGKILL');
}

for (const name of [
  'openSync',
  'writeSync',
  'fchmodSync',
  'fchownSync',
  'fsyncSync',
  'renameSync',
  'unlinkSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
] as const) {
  const original = fs[name] as (...given: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...given: unknown[]) => {
      const isReading =
        name === 'openSync' && (given[1] === 'r' || ((given[1] as number) & fs.constants.O_CREAT) === 0);
      if (!isReading) step();
      return original(...given);
    },
  });
}
syncBuiltinESMExports();

const { AppliedTasks } = await import('../../../src/workspace/apply/AppliedTasks.ts');
const tasks = new AppliedTasks({ folder, stateFolder }, { nowMs: Date.now });
if (what === 'apply') await tasks.apply(stagedChanges(folder), { taskId: 'task', task: 'Change it' });
else if (what === 'undo') await tasks.undo();
else await tasks.recover();
process.stdout.write(String(count));
