import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toolFolders } from './tool-folders.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'teelamma-tools-'));
  for (const folder of ['me/.pyenv/shims', 'me/.ssh', 'other/.pyenv/shims', 'other/.ssh', 'srv/tools'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('toolFolders', () => {
  it('shows the version managers of the home, and nothing else of it', () => {
    const { folders, environment } = toolFolders(join(root, 'me/.pyenv/shims'), join(root, 'me'));
    expect(folders).toContain(join(root, 'me/.pyenv'));
    expect(folders).not.toContain(join(root, 'me'));
    expect(environment['PYENV_ROOT']).toBe(join(root, 'me/.pyenv'));
  });

  it('shows no folder above the home, not even where it stands on the PATH', () => {
    const { folders } = toolFolders(`/:${root}:${join(root, 'srv/tools')}`, join(root, 'me'));
    expect(folders).not.toContain('/');
    expect(folders).not.toContain(root);
    expect(folders).toContain(join(root, 'srv/tools'));
  });

  it('shows the whole version manager that the PATH leads to, in another home too', () => {
    const { folders, environment, path } = toolFolders(
      `${join(root, 'other/.pyenv/shims')}:${join(root, 'srv/tools')}`,
      join(root, 'srv'),
    );
    expect(folders).toContain(join(root, 'other/.pyenv'));
    expect(folders).not.toContain(join(root, 'other'));
    expect(environment['PYENV_ROOT']).toBe(join(root, 'other/.pyenv'));
    expect(path.split(':')).toContain(join(root, 'other/.pyenv/shims'));
  });
});
