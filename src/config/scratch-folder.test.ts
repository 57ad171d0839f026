import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeScratch, removeLeftScratch, removeScratch } from './scratch-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teelamma-test-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Made by a process that has ended since, without cleaning up. */
function leftByOther(): string {
  const source = new URL('./scratch-folder.ts', import.meta.url).href;
  const script = `const { makeScratch } = await import(${JSON.stringify(source)}); process.stdout.write(makeScratch('checks')); process.kill(process.pid, 'SIGKILL');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(basename(stdout)).toMatch(/^teelamma-checks-/);
  return stdout;
}

it('removes what a killed process left, with what is in it, and keeps what is in use', async () => {
  const own = makeScratch('checks');
  const left = leftByOther();
  mkdirSync(join(left, 'after/locked'), { recursive: true });
  writeFileSync(join(left, 'after/locked/file'), 'x');
  chmodSync(join(left, 'after/locked'), 0o000);
  expect(await removeLeftScratch()).toBe(1);
  expect(existsSync(left)).toBe(false);
  expect(existsSync(own)).toBe(true);
  await removeScratch(own);
  expect(readdirSync(folder)).toEqual([]);
});

it('leaves alone what only has a like name, what another PID namespace made, and links', async () => {
  const left = basename(leftByOther());
  rmSync(join(folder, left), { recursive: true });
  const [, , namespace = '', pid = ''] = left.split('-');
  const kept = ['teelamma-project-abcdef', `teelamma-checks-${Number(namespace) + 1}-${pid}-abcdef`];
  for (const name of kept) mkdirSync(join(folder, name));
  const target = mkdtempSync(join(folder, 'target-'));
  symlinkSync(target, join(folder, `teelamma-checks-${namespace}-${pid}-abcdef`));
  expect(await removeLeftScratch()).toBe(0);
  expect(readdirSync(folder)).toHaveLength(4);
});
