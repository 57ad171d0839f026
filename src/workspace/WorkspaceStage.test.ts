import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from './Refusal.ts';
import { WorkspaceStage } from './WorkspaceStage.ts';

let above: string;
let root: string;
let stage: WorkspaceStage;
const open = (limits = {}) => WorkspaceStage.open(root, { limits });

beforeEach(() => {
  above = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-stage-')));
  root = join(above, 'shop');
  mkdirSync(join(root, 'src'), { recursive: true });
  writeFileSync(join(above, 'secret.txt'), 'outside\n');
  writeFileSync(join(root, 'src', 'cart.ts'), 'export const cart = [];\n');
  stage = open();
});
afterEach(() => rmSync(above, { recursive: true }));

const bytes = (text: string) => Buffer.from(text);
const reasonOf = (value: unknown): string =>
  value instanceof Refusal ? value.reason : `not refused: ${JSON.stringify(value)}`;
const textAt = (path: string): string => {
  const file = stage.read(path);
  return file instanceof Refusal ? file.reason : file.image.content.toString();
};

describe('WorkspaceStage', () => {
  it('shows the task what it staged, and leaves the folder as it is', () => {
    expect(stage.write('src/cart.ts', bytes('export const cart = [1];\n'))).toBe('src/cart.ts');
    expect(stage.write('src/new/price.ts', bytes('export {};\n'))).toBe('src/new/price.ts');
    expect(textAt('./src/../src/cart.ts')).toBe('export const cart = [1];\n');
    expect(readFileSync(join(root, 'src/cart.ts'), 'utf8')).toBe('export const cart = [];\n');
    expect(existsSync(join(root, 'src/new'))).toBe(false);
    expect(stage.changes().map(({ path, status }) => `${status} ${path}`)).toEqual([
      'modified src/cart.ts',
      'added src/new/price.ts',
    ]);
  });

  it('counts no change where a file is as it was in the end', () => {
    stage.write('src/cart.ts', bytes('other'));
    stage.write('src/cart.ts', bytes('export const cart = [];\n'));
    stage.write('a.txt', bytes('a'));
    stage.remove('a.txt');
    expect(stage.changes()).toEqual([]);
  });

  it('keeps the mode of a file, also under another name', () => {
    chmodSync(join(root, 'src/cart.ts'), 0o755);
    stage.rename('src/cart.ts', 'bin/cart.ts');
    const [added, deleted] = stage.changes();
    expect(added).toMatchObject({ path: 'bin/cart.ts', status: 'added', after: { mode: 0o755 } });
    expect(deleted).toMatchObject({ path: 'src/cart.ts', status: 'deleted' });
    expect(textAt('src/cart.ts')).toMatch('was deleted by this task');
  });

  it('takes an absolute path for what it names in the workspace', () => {
    expect(stage.resolve(join(root, 'src/cart.ts'))).toBe('src/cart.ts');
  });

  it.each([
    ['../secret.txt', 'outside of the workspace'],
    ['src/../../secret.txt', 'outside of the workspace'],
    ['/etc/passwd', 'outside of the workspace'],
    ['', 'the workspace itself'],
    ['src', 'is a folder'],
    ['src/cart.ts/x', 'is no folder'],
    ['a\0b', 'control characters'],
    ['a\nb', 'control characters'],
    ['x'.repeat(300), 'longer than 255 bytes'],
    ['x/'.repeat(3_000), 'longer than 4096 bytes'],
    ['.git/config', "git's own data"],
    ['sub/.GIT/hooks/pre-commit', "git's own data"],
    ['.git./config', "git's own data"],
    ['git~1/config', "git's own data"],
    ['.g\u200cit/config', "git's own data"],
    ['.env', 'keys or passwords'],
    ['deploy/id_ed25519', 'keys or passwords'],
  ])('refuses %j', (path, reason) => {
    expect(reasonOf(stage.read(path))).toMatch(reason);
    expect(reasonOf(stage.write(path, bytes('x')))).toMatch(reason);
    expect(stage.changes()).toEqual([]);
  });

  it('lets samples of secret files, and names that only begin like git, through', () => {
    for (const path of ['.env.example', '.gitignore', '.github/workflows/ci.yml']) {
      expect(stage.write(path, bytes('x'))).toBe(path);
    }
  });

  it('refuses links that lead out, at the end of a path and on its way, and links to nowhere', () => {
    symlinkSync(above, join(root, 'up'));
    symlinkSync(join(above, 'secret.txt'), join(root, 'plain.txt'));
    symlinkSync(join(above, 'not-there'), join(root, 'nowhere'));
    for (const path of ['up/secret.txt', 'up/new.txt', 'plain.txt']) {
      expect(reasonOf(stage.read(path))).toMatch('leads out of the workspace');
      expect(reasonOf(stage.write(path, bytes('x')))).toMatch('leads out of the workspace');
    }
    expect(reasonOf(stage.write('nowhere', bytes('x')))).toMatch('leads nowhere');
  });

  it('refuses a link into git, and follows one that stays inside to the file itself', () => {
    mkdirSync(join(root, '.git'));
    symlinkSync(join(root, '.git'), join(root, 'g'));
    symlinkSync('src', join(root, 'lib'));
    expect(reasonOf(stage.write('g/config', bytes('x')))).toMatch("git's own data");
    expect(stage.write('lib/cart.ts', bytes('x'))).toBe('src/cart.ts');
    expect(stage.write('lib/fresh.ts', bytes('x'))).toBe('src/fresh.ts');
  });

  it('refuses what became a link while the task ran', () => {
    stage.write('src/cart.ts', bytes('one'));
    rmSync(join(root, 'src'), { recursive: true });
    symlinkSync(above, join(root, 'src'));
    expect(reasonOf(stage.read('src/secret.txt'))).toMatch('leads out of the workspace');
  });

  it('refuses the folders of the installation itself', () => {
    stage = WorkspaceStage.open(above, { closedFolders: [root] });
    expect(reasonOf(stage.read('shop/src/cart.ts'))).toMatch('belongs to ClaudeTeelamma itself');
  });

  it('does not wait for a pipe, nor read a device', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(reasonOf(stage.read('pipe'))).toMatch('no ordinary file');
  });

  it('reads a file with a second hard link, and never writes through it', () => {
    linkSync(join(above, 'secret.txt'), join(root, 'hard.txt'));
    stage.write('hard.txt', bytes('mine\n'));
    expect(readFileSync(join(above, 'secret.txt'), 'utf8')).toBe('outside\n');
  });

  it('keeps to its limits, and says which', () => {
    stage = open({ maxFileBytes: 10, maxChangedFiles: 2, maxStagedBytes: 60, maxReadBytes: 30 });
    expect(reasonOf(stage.write('big', bytes('x'.repeat(11))))).toMatch('at most 10 may be written');
    expect(stage.write('a', bytes('a'))).toBe('a');
    expect(stage.write('b', bytes('b'))).toBe('b');
    expect(reasonOf(stage.write('c', bytes('c')))).toMatch('changed 2 files, the most');
    stage = open({ maxStagedBytes: 30 });
    expect(reasonOf(stage.write('src/cart.ts', bytes('x'.repeat(20))))).toMatch(
      'more than 30 bytes together',
    );
    writeFileSync(join(root, 'huge'), 'x'.repeat(100));
    stage = open({ maxReadBytes: 50 });
    expect(reasonOf(stage.read('huge'))).toMatch('at most');
    expect(reasonOf(stage.write('huge', bytes('x')))).toMatch('at most');
  });

  it('finds a decomposed name by its composed spelling, and refuses a second spelling of one name', () => {
    const decomposed = 'cafe\u0301.txt';
    writeFileSync(join(root, decomposed), 'x');
    expect(stage.resolve('caf\u00e9.txt')).toBe(decomposed);
    expect(reasonOf(stage.write('SRC/other.ts', bytes('x')))).toMatch('src is there already');
    expect(reasonOf(stage.write('src/Cart.ts', bytes('x')))).toMatch('src/cart.ts is there already');
    stage.write('Readme.md', bytes('x'));
    expect(reasonOf(stage.write('README.md', bytes('x')))).toMatch('Readme.md is there already');
  });

  it('lets a rename change the letter case alone', () => {
    expect(stage.rename('src/cart.ts', 'src/Cart.ts')).toEqual({ from: 'src/cart.ts', to: 'src/Cart.ts' });
  });

  it('lets no path be a file and a folder', () => {
    stage.write('lib', bytes('x'));
    expect(reasonOf(stage.write('lib/a.ts', bytes('x')))).toMatch('lib is a file');
    stage.write('deep/er/a.ts', bytes('x'));
    expect(reasonOf(stage.write('deep', bytes('x')))).toMatch('deep is a folder');
  });

  it('refuses to rename onto a file, and leaves both', () => {
    stage.write('a.txt', bytes('a'));
    expect(reasonOf(stage.rename('a.txt', 'src/cart.ts'))).toMatch('is there already');
    expect(reasonOf(stage.rename('a.txt', '../a.txt'))).toMatch('outside');
    expect(textAt('a.txt')).toBe('a');
  });

  it('names files that are like the one that is not there', () => {
    expect(reasonOf(stage.read('src/cart.js'))).toMatch('There is src/cart.ts.');
  });

  it.each([
    ['not-there', 'is not there'],
    ['secret.txt', 'is no folder'],
  ])('opens no workspace at %s', (name, problem) => {
    expect(() => WorkspaceStage.open(join(above, name))).toThrow(problem);
  });
});
