import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

describe('makeFolder', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'teelamma-folder-'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('makes what is missing, for the user alone, and may be called again', () => {
    const folder = join(base, 'a', 'b', 'c');
    makeFolder(folder);
    makeFolder(folder);
    expect(statSync(join(base, 'a')).mode & 0o777).toBe(0o700);
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  it('says what the system says where a file stands in the way', () => {
    writeFileSync(join(base, 'a'), '');
    expect(() => makeFolder(join(base, 'a'))).toThrow('EEXIST');
    expect(() => makeFolder(join(base, 'a', 'b'))).toThrow(/EEXIST|ENOTDIR/);
  });

  it.runIf(process.platform === 'linux')('ends where a file system refuses every new folder', () => {
    expect(() => makeFolder('/proc/teelamma/state')).toThrow('ENOENT');
  });
});
