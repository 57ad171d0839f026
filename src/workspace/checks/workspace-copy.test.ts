import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyWorkspace } from './workspace-copy.ts';

let above: string;
let workspace: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'teelamma-copy-'));
  workspace = join(above, 'project');
  mkdirSync(join(workspace, 'a'), { recursive: true });
  writeFileSync(join(workspace, 'a/in.txt'), 'in');
  writeFileSync(join(workspace, 'b.txt'), 'b');
  writeFileSync(join(workspace, 'c.txt'), 'c');
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

const copied = (signal?: AbortSignal) =>
  copyWorkspace({
    workspaceFolder: workspace,
    into: join(above, 'copy'),
    changes: [],
    ownerId: undefined,
    mostFiles: 100,
    mostBytes: 1_000,
    signal,
  });

describe('the copy that checks run in', () => {
  it('goes without what is gone by the time it is read', async () => {
    let looks = 0;
    const signal = Object.assign(new AbortController().signal, {
      // Asked once for each folder, before it is listed.
      throwIfAborted: () => {
        looks += 1;
        if (looks < 2) return;
        rmSync(join(workspace, 'a'), { recursive: true, force: true });
        rmSync(join(workspace, 'b.txt'), { force: true });
      },
    });
    expect(await copied(signal)).toMatchObject({ copied: true, unreadable: [] });
    expect(existsSync(join(above, 'copy/b.txt'))).toBe(false);
    expect(readFileSync(join(above, 'copy/c.txt'), 'utf8')).toBe('c');
  });

  it('goes without what the user may not read, and says so', async () => {
    chmodSync(above, 0o777);
    chmodSync(join(workspace, 'a'), 0o000);
    chmodSync(join(workspace, 'b.txt'), 0o000);
    // What root may read has no bounds.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await copied()).toMatchObject({ copied: true, unreadable: ['a', 'b.txt'] });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(workspace, 'a'), 0o700);
    }
    expect(readFileSync(join(above, 'copy/c.txt'), 'utf8')).toBe('c');
  });

  it('is none of a workspace that is too large, which is not read first', async () => {
    writeFileSync(join(workspace, 'b.txt'), 'x'.repeat(2_000));
    expect(await copied()).toMatchObject({ copied: false, why: expect.stringContaining('MiB of files') });
  });
});
