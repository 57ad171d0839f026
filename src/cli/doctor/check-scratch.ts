import { tmpdir } from 'node:os';
import { removeLeftScratch } from '../../config/scratch-folder.ts';
import { messageOf } from '../../errors.ts';
import type { Check } from './Check.ts';

/** Removes copies of workspaces and the like that killed processes left in the temporary folder; says nothing where there were none. */
export async function checkScratch(): Promise<readonly Check[]> {
  const name = 'Scratch';
  try {
    const count = await removeLeftScratch();
    if (count === 0) return [];
    const what =
      count === 1
        ? 'A temporary folder that a killed process'
        : `${count} temporary folders that killed processes`;
    return [
      { name, status: 'ok', found: `${what} had left in ${tmpdir()} ${count === 1 ? 'is' : 'are'} removed` },
    ];
  } catch (error) {
    return [
      {
        name,
        status: 'warn',
        found: `What killed processes left in ${tmpdir()} cannot be removed: ${messageOf(error)}`,
      },
    ];
  }
}
