import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkspaceStage } from '../WorkspaceStage.ts';
import { AppliedTasks, recoverAll } from './AppliedTasks.ts';

let above: string;
let folder: string;
let stateFolder: string;
let stage: WorkspaceStage;
let tasks: AppliedTasks;
const about = { taskId: 't1', task: 'Change it\nall' };

beforeEach(() => {
  above = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-apply-')));
  folder = join(above, 'shop');
  stateFolder = join(above, 'state');
  for (const [path, text] of Object.entries({ 'a.txt': 'one\n', 'd/b.txt': 'two\n', 'd/c.txt': 'three\n' }))
    write(path, text);
  stage = WorkspaceStage.open(folder);
  tasks = new AppliedTasks({ folder, stateFolder }, { nowMs: () => 1_700_000_000_000 });
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function writeFolder(path: string): void {
  rmSync(join(folder, path));
  mkdirSync(join(folder, path));
}

function files(): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    found.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(folder.length + 1), readFileSync(file, 'utf8')];
    }),
  );
}

function stageAll(): void {
  stage.write('a.txt', Buffer.from('ONE\n'));
  stage.rename('d/b.txt', 'e/f/b.txt');
  stage.remove('d/c.txt');
  stage.write('new.txt', Buffer.from('new\n'));
}
const before = { 'a.txt': 'one\n', 'd/b.txt': 'two\n', 'd/c.txt': 'three\n' };
const after = { 'a.txt': 'ONE\n', 'e/f/b.txt': 'two\n', 'new.txt': 'new\n' };

describe('AppliedTasks', () => {
  it('applies all files with their modes, takes emptied folders away, and leaves nothing beside them', async () => {
    chmodSync(join(folder, 'a.txt'), 0o750);
    stageAll();
    expect(await tasks.apply(stage.changes(), about)).toMatchObject({
      done: true,
      task: { status: 'applied' },
    });
    expect(files()).toEqual(after);
    expect(existsSync(join(folder, 'd'))).toBe(false);
    expect(statSync(join(folder, 'a.txt')).mode & 0o777).toBe(0o750);
  });

  it('leaves a file to whom it belongs, also when it is taken back', async () => {
    const file = join(folder, 'a.txt');
    const mayGiveAway = process.getuid?.() === 0;
    if (mayGiveAway) chownSync(file, 1_234, 1_235);
    const owner = () => [statSync(file).uid, statSync(file).gid];
    const first = owner();
    stageAll();
    await tasks.apply(stage.changes(), about);
    expect(owner()).toEqual(first);
    await tasks.undo();
    expect(owner()).toEqual(first);
  });

  it('keeps its records for the user alone', async () => {
    stageAll();
    await tasks.apply(stage.changes(), about);
    const all = readdirSync(stateFolder, { recursive: true, withFileTypes: true });
    expect(all.length).toBeGreaterThan(5);
    for (const { parentPath, name } of all) expect(statSync(join(parentPath, name)).mode & 0o077).toBe(0);
  });

  it('undoes the last, then the one before, and lists them', async () => {
    stageAll();
    await tasks.apply(stage.changes(), about);
    const second = WorkspaceStage.open(folder);
    second.write('new.txt', Buffer.from('newer\n'));
    await tasks.apply(second.changes(), { taskId: 't2', task: 'Again' });
    expect((await tasks.list()).map(({ taskId, status }) => `${taskId} ${status}`)).toEqual([
      't2 applied',
      't1 applied',
    ]);
    expect(await tasks.undo()).toMatchObject({ done: true, task: { taskId: 't2', status: 'undone' } });
    expect(files()).toEqual(after);
    expect(await tasks.undo()).toMatchObject({ done: true, task: { taskId: 't1' } });
    expect(files()).toEqual(before);
    expect(await tasks.undo()).toBeNull();
    expect((await tasks.list()).map(({ status }) => status)).toEqual(['undone', 'undone']);
  });

  it.each([
    ['changed', () => write('a.txt', 'mine\n')],
    ['with another mode', () => chmodSync(join(folder, 'a.txt'), 0o600)],
    ['deleted', () => rmSync(join(folder, 'a.txt'))],
    ['made a folder', () => writeFolder('a.txt')],
  ])('refuses where a file was %s meanwhile, and touches nothing', async (_, meddle) => {
    stageAll();
    meddle();
    const found = files();
    expect(await tasks.apply(stage.changes(), about)).toEqual({ done: false, changedFiles: ['a.txt'] });
    expect(files()).toEqual(found);
    expect(await tasks.list()).toEqual([]);
  });

  it('refuses where somebody made the file that was to be new, or a folder on the way a link', async () => {
    stageAll();
    write('new.txt', 'mine\n');
    mkdirSync(join(above, 'outside'));
    symlinkSync(join(above, 'outside'), join(folder, 'e'));
    expect(await tasks.apply(stage.changes(), about)).toEqual({
      done: false,
      changedFiles: ['e/f/b.txt', 'new.txt'],
    });
    expect(readdirSync(join(above, 'outside'))).toEqual([]);
  });

  it('refuses to undo over what was changed since', async () => {
    stageAll();
    await tasks.apply(stage.changes(), about);
    write('new.txt', 'mine\n');
    expect(await tasks.undo()).toEqual({ done: false, changedFiles: ['new.txt'] });
    expect(files()).toEqual({ ...after, 'new.txt': 'mine\n' });
  });

  it('lets two applies at once not mix: one is done, the other finds the files changed', async () => {
    stageAll();
    const changes = stage.changes();
    const other = new AppliedTasks({ folder, stateFolder }, { nowMs: Date.now });
    const outcomes = await Promise.all([tasks.apply(changes, about), other.apply(changes, about)]);
    expect(outcomes.filter(({ done }) => done)).toHaveLength(1);
    expect(files()).toEqual(after);
  });

  it('keeps the last twenty', async () => {
    for (let round = 0; round < 22; round += 1) {
      const each = WorkspaceStage.open(folder);
      each.write('a.txt', Buffer.from(`${round}`));
      await tasks.apply(each.changes(), { taskId: `t${round}`, task: 'x' });
    }
    const list = await tasks.list();
    expect([list.length, list[0]?.taskId, list.at(-1)?.taskId]).toEqual([20, 't21', 't2']);
  });

  it('has nothing to recover where nothing was interrupted', async () => {
    expect(await tasks.recover()).toEqual([]);
    expect(await recoverAll(stateFolder)).toEqual([]);
  });
});
