import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileChange } from './FileChange.ts';
import { unifiedDiff } from './unified-diff.ts';

const image = (text: string, mode = 0o644) => ({ content: Buffer.from(text), mode });
const changed = (path: string, before: string, after: string): FileChange => ({
  path,
  status: 'modified',
  before: image(before),
  after: image(after),
});

describe('unifiedDiff', () => {
  it('looks as git writes it', () => {
    expect(unifiedDiff(changed('src/a.ts', 'one\ntwo\nthree\n', 'one\n2\nthree\n'))).toBe(
      'diff --git a/src/a.ts b/src/a.ts\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n',
    );
  });

  it.each<[string, FileChange]>([
    ['a changed file', changed('a.txt', 'one\ntwo\n', 'one\n2\n')],
    ['a last line that gets its break', changed('a.txt', 'one\ntwo', 'one\ntwo\n')],
    ['a last line that loses it', changed('a.txt', 'one\ntwo\n', 'one\ntwo')],
    ['CRLF', changed('a.txt', 'one\r\ntwo\r\n', 'one\r\n2\r\n')],
    ['nothing that becomes something', changed('a.txt', '', 'one\n')],
    ['an emptied file', changed('a.txt', 'one\n', '')],
    ['names of any kind', changed('sub dir/ü "q" \\b.txt', 'one\n', 'two\n')],
    ['a new file', { path: 'd/new.sh', status: 'added', after: image('echo\n', 0o755) }],
    ['a new empty file', { path: 'd/empty', status: 'added', after: image('') }],
    ['a deleted file', { path: 'gone.txt', status: 'deleted', before: image('one\ntwo') }],
    ['a mode alone', { path: 'run', status: 'modified', before: image('x\n'), after: image('x\n', 0o755) }],
  ])('is taken by git apply: %s', (_, change) => {
    const folder = mkdtempSync(join(tmpdir(), 'teelamma-diff-'));
    try {
      const file = join(folder, change.path);
      mkdirSync(dirname(file), { recursive: true });
      if (change.status !== 'added') writeFileSync(file, change.before.content);
      execFileSync('git', ['init', '-q'], { cwd: folder });
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: folder, input: unifiedDiff(change) });
      if (change.status === 'deleted') expect(existsSync(file)).toBe(false);
      else {
        expect(readFileSync(file)).toEqual(change.after.content);
        expect(statSync(file).mode & 0o100).toBe(change.after.mode & 0o100);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows files that have nothing in common as replaced, in bounded time', () => {
    const lines = (seed: string) =>
      Array.from({ length: 6_000 }, (_, at) => `${seed}${(at * 7919) % 5_003}\n`).join('');
    const diff = unifiedDiff(changed('a.txt', lines('a'), lines('b')));
    expect(diff.split('\n').filter((line) => line.startsWith('+b'))).toHaveLength(6_000);
  });
});
