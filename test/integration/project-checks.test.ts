import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TeelammaError } from '../../src/errors.ts';
import { readChecksFile } from '../../src/workspace/checks/checks-file.ts';
import { createWorkspaceChecks } from '../../src/workspace/checks/create-workspace-checks.ts';
import { detectChecks } from '../../src/workspace/checks/detect-checks.ts';
import { ProjectChecks, type ProjectChecksOptions } from '../../src/workspace/checks/ProjectChecks.ts';
import { findProgram } from '../../src/workspace/sandbox/find-sandbox.ts';
import { type Changes, checkChanges, thisUser } from '../support/check-changes.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';
import { type SampleProject, sampleProject } from '../support/sample-project.ts';

let project: SampleProject;
let folder: string;
beforeEach(() => {
  project = sampleProject({});
  ({ folder } = project);
});
afterEach(() => project.remove());

const write = (files: Readonly<Record<string, string>>) => project.writeAll(files);

/** A small project: one test that passes, and one that fails already. */
const sample = {
  'package.json': '{"type":"module"}',
  'add.js': 'export const add = (a, b) => a + b;\n',
  'add.test.js': `import assert from 'node:assert';
import test from 'node:test';
import { add } from './add.js';
test('adds', () => { assert.equal(add(1, 2), 3); });
test('is broken already', () => { assert.equal(add(1, 2), 4); });
`,
};

describeInSandbox('the checks of a project', () => {
  const check = (changes: Changes, options: Partial<ProjectChecksOptions> = {}) =>
    checkChanges(folder, changes, { by: new ProjectChecks({ ...thisUser, ...options }) });

  it('name the test that a change breaks, with its place, and not the one that was broken before', async () => {
    write(sample);
    const report = await check({ 'add.js': 'export const add = (a, b) => a - b;\n' });
    expect(report.ran).toMatchObject([{ name: 'node --test', outcome: 'failed' }]);
    expect(report.issues).toEqual([
      {
        kind: 'failed-check',
        severity: 'error',
        file: 'add.test.js',
        line: 4,
        message: expect.stringContaining('node --test fails at add.test.js:4 in "adds": AssertionError'),
      },
    ]);
    expect(readFileSync(join(folder, 'add.js'), 'utf8')).toBe(sample['add.js']);
  });

  it('do not count what failed before in the same way', async () => {
    write(sample);
    const report = await check({ 'add.js': 'export const add = (a, b) => b + a;\n' });
    expect(report.issues).toEqual([]);
    expect(report.ran).toMatchObject([{ outcome: 'failed-before' }]);
  });

  it('pass where a change mends what was broken, and see added and deleted files', async () => {
    write(sample);
    const report = await check({
      'add.test.js': null,
      'test/new.test.js': "import { add } from '../add.js'; if (add(1, 2) !== 3) throw new Error('no');\n",
    });
    expect(report.issues).toEqual([]);
    expect(report.ran).toMatchObject([{ outcome: 'passed' }]);
  });

  it('run the first tests of a project, and those of a script, that a change brings', async () => {
    write({ 'add.js': 'exports.add = (a, b) => a - b;\n' });
    const test = `const { add } = require('../add.js');
require('node:test')('adds', () => require('node:assert').equal(add(1, 2), 3));
`;
    const first = await check({ 'test/add.test.js': test });
    expect(first.issues).toMatchObject([
      { file: 'test/add.test.js', message: expect.stringContaining('in "adds"') },
    ]);
    const script = await check({
      'package.json': '{"scripts":{"test":"node --test"}}',
      'test/add.test.js': test,
    });
    expect(script.ran).toMatchObject([{ name: 'npm run test', outcome: 'failed' }]);
  });

  it('are not got rid of by a change that takes them away', async () => {
    write({ 'package.json': '{"scripts":{"test":"exit 0"}}' });
    const report = await check({ 'package.json': '{"scripts":{}}' });
    expect(report.ran).toMatchObject([{ name: 'npm run test', outcome: 'failed' }]);
  });

  it('tell a flaky failure from a new one', async () => {
    write({ 't.js': '' });
    const report = await check(
      {
        't.js':
          "const f = require('fs'); if (!f.existsSync('seen')) { f.writeFileSync('seen', ''); throw new Error('first'); }",
      },
      { commands: ['node t.js'] },
    );
    expect(report.ran).toMatchObject([{ outcome: 'flaky' }]);
    expect(report.issues).toEqual([]);
  });

  it('run with dependencies that they can use and not change', async () => {
    write({
      'package.json': '{"scripts":{"test":"node t.js"}}',
      'node_modules/dep/index.js': 'module.exports = 42;',
      't.js': '',
    });
    const report = await check({
      't.js': `const f = require('fs');
if (require('dep') !== 42) throw new Error('no dependency');
f.mkdirSync('node_modules/.vite-temp'); // a tool's own cache
try { f.writeFileSync('node_modules/dep/index.js', 'changed'); } catch (e) { process.exit(e.code === 'EROFS' ? 0 : 1); }`,
    });
    expect(report.ran).toMatchObject([{ outcome: 'passed' }]);
    expect(readFileSync(join(folder, 'node_modules/dep/index.js'), 'utf8')).toBe('module.exports = 42;');
    expect(existsSync(join(folder, 'node_modules/.vite-temp'))).toBe(false);
  });

  it('say which limit a check passes, and do not blame a change for one that did so before', async () => {
    write({ 't.sh': '' });
    const endless = { 't.sh': 'while true; do :; done' };
    const options = { limits: { timeMs: 2_000 }, commands: ['. ./t.sh'] };
    expect((await check(endless, options)).issues).toMatchObject([
      { message: '. ./t.sh fails: it did not end within 2 s; without the change it does not' },
    ]);
    write(endless);
    const again = await check({ 'other.js': '1' }, options);
    expect(again.issues).toEqual([]);
    expect(again.ran).toMatchObject([{ outcome: 'failed-before' }]);
    const checks = createWorkspaceChecks(new ProjectChecks({ ...thisUser, ...options }), () => {});
    const added = {
      path: 'other.js',
      status: 'added',
      after: { content: Buffer.from('1'), mode: 0o644 },
    } as const;
    const work = { task: '', workspaceFolder: folder, changes: [added] };
    expect(await checks.run(work, AbortSignal.timeout(60_000))).toMatchObject([
      {
        severity: 'warning',
        message:
          '. ./t.sh does not judge the change: it passes a limit without the change too: it did not end within 2 s.',
      },
    ]);
  });

  it('find a new failure beside one whose words are those of a limit', async () => {
    write({
      ...sample,
      'up.test.js': `import assert from 'node:assert';
import test from 'node:test';
test('refuses what is large', () => assert.fail('File too large'));
`,
    });
    const report = await check({ 'add.js': 'export const add = (a, b) => a - b;\n' });
    expect(report.issues).toMatchObject([
      { file: 'add.test.js', message: expect.stringContaining('in "adds"') },
    ]);
  });

  it('tell no key of the workspace, nor what looks like one', async () => {
    const [own, known] = ['correct horse battery', ['sk', 'ant', 'api03', 'x'.repeat(40)].join('-')];
    write({ 'package.json': '{}', '.env': `# mine\nPHRASE="${own}"\n` });
    const report = await check({
      'env.test.js': `const text = require('fs').readFileSync('.env', 'utf8');
require('node:test')('reads', () => { throw new Error(text + '${known}'); });
`,
    });
    expect(report.issues).toMatchObject([
      { message: expect.stringMatching(/PHRASE="\[masked\]".*\[masked: /s) },
    ]);
    expect(JSON.stringify(report)).not.toContain(own);
    expect(JSON.stringify(report)).not.toContain(known);
  });

  const noMake =
    findProgram('make', thisUser.path) === undefined ? ' (NOT TESTED HERE: there is no make)' : '';
  it.runIf(noMake === '')(
    `are those of a Makefile where nothing else tests, check before test${noMake}`,
    async () => {
      write({
        Makefile:
          'greeting: words.txt\n\tcp words.txt greeting\n\ncheck: greeting\n\tsh check.sh\n\ntest:\n\texit 1\n',
        'check.sh': `grep -q hello greeting || { echo "words.txt:1: there is no hello"; exit 1; }\n`,
        'words.txt': 'hello\n',
      });
      const polite = await check({ 'words.txt': 'hello there\n' });
      expect(polite).toMatchObject({ issues: [], ran: [{ name: 'make check', outcome: 'passed' }] });
      expect((await check({ 'words.txt': 'go away\n' })).issues).toMatchObject([
        {
          kind: 'failed-check',
          severity: 'error',
          file: 'words.txt',
          line: 1,
          message: 'make check fails at words.txt:1: there is no hello',
        },
      ]);
      write({ 'words.txt': 'go away\n' });
      expect(await check({ 'words.txt': 'do go away\n' })).toMatchObject({
        issues: [],
        ran: [{ outcome: 'failed-before' }],
      });
      expect(existsSync(join(folder, 'greeting'))).toBe(false);
      const found = () => detectChecks(folder, thisUser.path).checks.map(({ name }) => name);
      write({ Makefile: 'check := no target\ntest:\n\ttrue\n' });
      expect(found()).toEqual(['make test']);
      write(sample);
      expect(found()).toEqual(['node --test']);
    },
  );

  it('say so when a change touches what judges it', async () => {
    write(sample);
    const report = await check({ 'package.json': '{"type":"module","scripts":{"test":"exit 0"}}' });
    expect(report.issues).toMatchObject([{ severity: 'warning', file: 'package.json' }]);
  });

  it('refuse changes that lead out of the workspace or through a link, and write nothing', async () => {
    write(sample);
    symlinkSync(tmpdir(), join(folder, 'away'));
    for (const path of [
      '../x',
      '/tmp/x',
      'a/../../x',
      'away/teelamma-x',
      '.git/hooks/pre-commit',
      'node_modules/x.js',
      'a\\b',
      '',
    ]) {
      const report = await check({ [path]: 'x' });
      expect(report.ran).toEqual([]);
      expect(report.issues).toMatchObject([{ kind: 'not-checked', severity: 'warning' }]);
    }
    expect(existsSync(join(tmpdir(), 'teelamma-x'))).toBe(false);
  });

  it('are left out for a workspace that is too large', async () => {
    write({ ...sample, 'big.bin': 'x'.repeat(2_000_000) });
    const report = await check({ 'add.js': '' }, { mostBytes: 1024 ** 2 });
    expect(report.skipped).toMatchObject([{ why: 'the workspace has more than 1 MiB of files' }]);
    expect((await check({ 'add.js': '' }, { mostFiles: 2 })).skipped).toMatchObject([
      { why: 'the workspace has more than 2 files' },
    ]);
  });

  it('are left out for a file that is too large, without reading it', async () => {
    write(sample);
    // Node reads no file of more than 2 GiB at once.
    truncateSync(join(folder, 'add.js'), 3 * 1024 ** 3);
    const report = await check({ 'other.js': '' });
    expect(report.skipped).toMatchObject([{ why: 'the workspace has more than 500 MiB of files' }]);
  });

  it('are left out, with the reason, where there is no room for a copy', async () => {
    write(sample);
    vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
    const report = await check({ 'add.js': '' }, { examples: false });
    vi.unstubAllEnvs();
    expect(report.issues).toMatchObject([
      { kind: 'not-checked', message: expect.stringContaining('ENOENT') },
    ]);
    expect(report.skipped).toMatchObject([{ name: 'node --test' }]);
  });

  it("follow the user's own commands in place of what is found", async () => {
    write(sample);
    const report = await check({ 'add.js': 'TODO' }, { commands: ['grep -q export add.js', 'true'] });
    expect(report.ran.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['grep -q export add.js', 'failed'],
      ['true', 'passed'],
    ]);
  });

  it("follow a workspace's own commands only when they are trusted as they stand", async () => {
    write({ ...sample, 'teelamma.checks.json': '{"commands":["exit 9"]}' });
    const trusted = new Set<string>();
    const checks = new ProjectChecks(thisUser, { isTrusted: (key) => trusted.has(key) });
    expect(checks.detect(folder)).toMatchObject({
      checks: [{ name: 'node --test' }],
      skipped: [{ name: 'teelamma.checks.json' }],
    });
    const run = { task: '', workspaceFolder: folder, changes: [] };
    expect(await createWorkspaceChecks(checks, () => {}).run(run, AbortSignal.timeout(60_000))).toMatchObject(
      [
        {
          severity: 'warning',
          message: expect.stringMatching(/^teelamma.checks.json was not run: it is not trusted/),
        },
        { severity: 'error', message: expect.stringContaining('is broken already') },
      ],
    );
    trusted.add(readChecksFile(folder)?.trustKey ?? '');
    expect(checks.detect(folder)).toMatchObject({ checks: [{ name: 'exit 9' }], skipped: [] });
    write({ 'teelamma.checks.json': '{"commands":["exit 8"]}' });
    expect(checks.detect(folder).checks).toMatchObject([{ name: 'node --test' }]);
  });
});

describe('without a sandbox', () => {
  it('no check runs, and the report says how to get one', async () => {
    write(sample);
    const nowhere = join(folder, 'bin');
    mkdirSync(nowhere);
    for (const name of ['node']) symlinkSync('/bin/true', join(nowhere, name));
    const checks = new ProjectChecks({ path: nowhere, home: thisUser.home });
    const report = await checkChanges(folder, { 'add.js': '' }, { by: checks });
    expect(report.ran).toEqual([]);
    expect(report.skipped).toMatchObject([{ name: 'node --test' }]);
    expect(report.issues).toMatchObject([
      {
        kind: 'not-checked',
        severity: 'warning',
        message: expect.stringMatching(/no sandbox.*install bubblewrap/s),
      },
    ]);
  });

  it('checks run where the user asked for that, but never those that a workspace brings along', async () => {
    write({ ...sample, 'teelamma.checks.json': '{"commands":["touch ran"]}' });
    const without = (commands: readonly string[]) =>
      new ProjectChecks({ ...thisUser, sandbox: 'none', commands }, { isTrusted: () => true });
    expect(without([]).detect(folder)).toMatchObject({
      checks: [],
      skipped: [{ why: expect.stringContaining('never run without a sandbox') }],
    });
    const by = without(['grep -q export add.js && test "$PWD" != /']);
    const report = await checkChanges(folder, { 'add.js': 'nothing\n' }, { by });
    expect(report.ran).toMatchObject([{ outcome: 'failed' }]);
  });
});

it("a workspace's list of checks that is not one is an error with what to do, and keeps no task from being checked", () => {
  write({ ...sample, 'teelamma.checks.json': '{"commands": "npm test"}' });
  expect(() => readChecksFile(folder)).toThrow(TeelammaError);
  expect(() => readChecksFile(folder)).toThrow(/must be of the form/);
  expect(new ProjectChecks(thisUser).detect(folder)).toMatchObject({
    checks: [{ name: 'node --test' }],
    skipped: [{ name: 'teelamma.checks.json', why: expect.stringContaining('must be of the form') }],
  });
});
