import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppliedTasks } from '../../src/workspace/apply/AppliedTasks.ts';
import { GitWorkspace } from '../../src/workspace/git/GitWorkspace.ts';
import { WorkspaceStage } from '../../src/workspace/WorkspaceStage.ts';
import { type SampleProject, sampleProject } from '../support/sample-project.ts';

let project: SampleProject;
const git = (...given: string[]) =>
  execFileSync('git', ['-c', 'user.name=Me', '-c', 'user.email=me@example.org', ...given], {
    cwd: project.folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });

beforeEach(() => {
  project = sampleProject();
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'Me');
  git('config', 'user.email', 'me@example.org');
  git('add', '.');
  git('commit', '-qm', 'first');
});
afterEach(() => project.remove());

describe('a commit of a task', () => {
  it('takes its files alone; the index and other changes of the user stay', async () => {
    project.write('mine.txt', 'staged\n');
    git('add', 'mine.txt');
    project.write('src/main.js', 'unstaged\n');
    const workspace = await GitWorkspace.open({ folder: project.folder, branch: 'task' });
    expect(await workspace.dirtyFiles(['src/cart.js', 'src/new.js'])).toEqual([]);
    expect(await workspace.dirtyFiles(['src/main.js'])).toEqual(['src/main.js']);
    const stage = WorkspaceStage.open(project.folder);
    stage.write('src/cart.js', Buffer.from('export {};\n'));
    stage.write('src/new.js', Buffer.from('new\n'));
    stage.remove('test/cart.test.js');
    stage.write('node_modules/x.js', Buffer.from('x\n'));
    const changes = stage.changes();
    const tasks = new AppliedTasks(
      { folder: project.folder, stateFolder: join(project.folder, '.git', 'state') },
      { nowMs: Date.now },
    );
    await tasks.apply(changes, { taskId: 't', task: 'x' });
    const commit = await workspace.commit(
      changes.map(({ path }) => path),
      'Do it',
    );
    expect(commit).toMatchObject({ branch: 'task', ignoredFiles: ['node_modules/x.js'] });
    expect(git('show', '--name-status', '--format=%s', 'HEAD').trim().split('\n')).toEqual([
      'Do it',
      '',
      'M\tsrc/cart.js',
      'A\tsrc/new.js',
      'D\ttest/cart.test.js',
    ]);
    expect(git('status', '--porcelain').split('\n').slice(0, 2)).toEqual(
      ['A  mine.txt', ' M src/main.js'].toSorted().reverse(),
    );
  });

  it('honours hooks, and leaves the index as it was where one refuses', async () => {
    const hook = join(project.folder, '.git', 'hooks', 'pre-commit');
    writeFileSync(hook, '#!/bin/sh\necho "not like this" >&2\nexit 1\n', { mode: 0o755 });
    const workspace = await GitWorkspace.open({ folder: project.folder, branch: undefined });
    project.write('new.js', 'new\n');
    await expect(workspace.commit(['new.js'], 'Do it')).rejects.toThrow('not like this');
    expect(git('status', '--porcelain')).toBe('?? new.js\n');
  });

  it.each([
    ['hooks', 'hooks/pre-commit'],
    ['.husky/_', '.husky/pre-commit'],
  ])('runs no hook of %s that the task wrote', async (hooksPath, written) => {
    git('config', 'core.hooksPath', hooksPath);
    project.write(
      join(hooksPath, 'pre-commit'),
      `#!/bin/sh\nsh ${written.startsWith('.') ? written : '-c true'}\n`,
    );
    chmodSync(join(project.folder, hooksPath, 'pre-commit'), 0o755);
    const workspace = await GitWorkspace.open({ folder: project.folder, branch: 'task' });
    project.write(written, '#!/bin/sh\ntouch ran\n');
    chmodSync(join(project.folder, written), 0o755);
    project.write('new.js', 'new\n');
    await expect(workspace.commit(['new.js', written], 'Do it')).rejects.toThrow(
      `The task changed ${written}, which is among your git hooks`,
    );
    expect(existsSync(join(project.folder, 'ran'))).toBe(false);
    expect(git('branch', '--show-current')).toBe('main\n');
    await workspace.commit(['new.js'], 'Do it');
    expect(existsSync(join(project.folder, 'ran'))).toBe(true);
  });

  it('takes a message of any length, and names that git would quote', async () => {
    const workspace = await GitWorkspace.open({ folder: project.folder, branch: undefined });
    project.write('.gitignore', 'left/\n');
    project.write('left/a "b" \u00fc.js', 'new\n');
    project.write('st*r \u00fc.js', 'new\n');
    // Longer than an argument of a command may be.
    const commit = await workspace.commit(
      ['left/a "b" \u00fc.js', 'st*r \u00fc.js'],
      `Do it\n\n${'word '.repeat(60_000)}`,
    );
    expect(commit.ignoredFiles).toEqual(['left/a "b" \u00fc.js']);
    expect(git('show', '-z', '--name-only', '--format=%s', 'HEAD')).toContain('st*r \u00fc.js');
  });

  it('says before anything is spent what stands in its way', async () => {
    const open = (branch?: string) => GitWorkspace.open({ folder: project.folder, branch });
    await expect(open('main/x')).rejects.toThrow('There is a branch main, beside which git takes no main/x');
    git('branch', 'a/b/c');
    await expect(open('a/b')).rejects.toThrow('There is a branch a/b/c');
    await expect(open('a/b2')).resolves.toBeDefined();
    await expect(open('main')).rejects.toThrow('The branch main is there already');
    await expect(open('a..b')).rejects.toThrow('no valid name');
    git('checkout', '-q', '--detach');
    await expect(open()).rejects.toThrow('Give --branch NAME');
    const plain = sampleProject();
    await expect(GitWorkspace.open({ folder: plain.folder, branch: undefined })).rejects.toThrow(
      'in no git repository',
    );
    plain.remove();
  });
});
