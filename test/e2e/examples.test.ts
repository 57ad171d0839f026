import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The examples import the built package by its own name, as a user does. */
describe('examples/', () => {
  const expected: Readonly<Record<string, RegExp>> = {
    'run-a-task.ts': /^\[simulated /,
    'ask-the-coordinator.ts': /^claude-specialist: Complex task .+\nused 600, remaining 9400\n$/,
  };

  it('are all run here', () => {
    expect(
      readdirSync(join(root, 'examples'))
        .filter((file) => file.endsWith('.ts'))
        .sort(),
    ).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))('%s does what it says', async (file, output) => {
    const folder = temporaryHome();
    try {
      const { stdout } = await run(process.execPath, [join(root, 'examples', file), '--simulate'], {
        env: { PATH: process.env['PATH'], HOME: folder.home },
      });
      expect(stdout).toMatch(output);
    } finally {
      folder.remove();
    }
  });

  it('the README shows the one that runs a task, as it is', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
    expect(shown).toBe(readFileSync(join(root, 'examples', 'run-a-task.ts'), 'utf8'));
  });
});
