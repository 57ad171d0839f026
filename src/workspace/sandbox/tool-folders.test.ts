import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toolFolders, unreadableByOthers } from './tool-folders.ts';

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

  it("shows Maven's local repository as the usual one, also where settings.xml names another place", () => {
    const home = join(root, 'me');
    for (const folder of ['me/.m2/repository', 'srv/packages'])
      mkdirSync(join(root, folder), { recursive: true });
    const usual = join(home, '.m2/repository');
    expect(toolFolders('', home).inHome).toEqual([{ source: usual, inHome: '.m2/repository' }]);
    const settings = (place: string) =>
      writeFileSync(join(home, '.m2/settings.xml'), `<settings>${place}</settings>`);
    settings(`<!-- <localRepository>/nowhere</localRepository> -->`);
    expect(toolFolders('', home).inHome).toMatchObject([{ source: usual }]);
    settings(`<localRepository>\n  \${user.home}/../srv/packages\n</localRepository>`);
    expect(toolFolders('', home).inHome).toEqual([
      { source: `${home}/../srv/packages`, inHome: '.m2/repository' },
    ]);
  });

  it('knows what another user cannot read', () => {
    const repository = join(root, 'me/.m2/repository');
    mkdirSync(repository, { recursive: true });
    const closed = () =>
      unreadableByOthers(toolFolders(join(root, 'me/.pyenv/shims'), join(root, 'me'))).map(
        ({ shownAs }) => shownAs,
      );
    chmodSync(repository, 0o755);
    expect(closed()).not.toContain('.m2/repository');
    chmodSync(repository, 0o750);
    expect(closed()).toContain('.m2/repository');
  });
});
