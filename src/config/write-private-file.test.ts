import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePrivateFile } from './write-private-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teelamma-private-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writePrivateFile', () => {
  it('makes the folders and the file, for the user alone', () => {
    const file = join(folder, 'a', 'b', 'keys.json');
    writePrivateFile(file, 'one');
    expect(readFileSync(file, 'utf8')).toBe('one');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
  });

  it('replaces what is there, and what a dead process of the same number left', () => {
    const file = join(folder, 'keys.json');
    writeFileSync(file, 'old', { mode: 0o644 });
    writeFileSync(`${file}.${process.pid}.tmp`, 'half', { mode: 0o644 });
    writePrivateFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('leaves nothing where it cannot replace what is there', () => {
    const file = join(folder, 'keys.json');
    mkdirSync(file);
    expect(() => writePrivateFile(file, 'new')).toThrow(/EISDIR|EEXIST|ENOTEMPTY|EPERM/);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });
});
