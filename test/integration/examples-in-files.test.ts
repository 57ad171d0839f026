import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProjectChecks } from '../../src/workspace/checks/ProjectChecks.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';

type Files = Readonly<Record<string, string | null>>;

describeInSandbox('the examples of changed files', () => {
  const user = { path: process.env['PATH'] ?? '', home: process.env['HOME'] ?? homedir() };
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-project-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  const checks = new ProjectChecks(user);
  const check = (files: Files, task = 'Change it.', by: ProjectChecks = checks) =>
    by.run({
      task,
      workspaceFolder: folder,
      changes: Object.entries(files).map(([path, text]) => ({
        path,
        content: text === null ? null : Buffer.from(text),
      })),
    });
  const messages = async (...given: Parameters<typeof check>) =>
    (await check(...given)).issues.map(({ message }) => message);

  it('are run within the project in Python: with its packages, and with file and line', async () => {
    const double = (operator: string) =>
      `from .base import two\n\n\ndef double(x):\n    """Doubles.\n\n    >>> double(3)\n    6\n    """\n    return x ${operator} two()\n`;
    write({
      'shop/__init__.py': '',
      'shop/base.py': 'def two():\n    return 2\n',
      'shop/twice.py': double('*'),
    });
    expect((await check({ 'shop/twice.py': `${double('*')}\n# Done.\n` })).ran).toMatchObject([
      { name: 'examples of shop/twice.py', outcome: 'passed', command: '1 examples' },
    ]);
    expect((await check({ 'shop/twice.py': double('+') })).issues).toEqual([
      {
        kind: 'failed-example',
        severity: 'error',
        message: 'The example "double(3) gives 6" in shop/twice.py, line 7, fails: it gave 5.',
        file: 'shop/twice.py',
        line: 7,
      },
    ]);
  });

  it('are run in TypeScript and JavaScript: imports without extension, functions that are not exported, CommonJS', async () => {
    write({
      'src/unit.ts': 'export const unit: number = 1;\n',
      'lib/one.cjs': 'module.exports = { one: 1 };\n',
    });
    const next = (result: string) =>
      `import { unit } from './unit';\n\n/** next(1) returns 2 */\nfunction next(n: number): number {\n  return ${result};\n}\nexport default { next };\n`;
    expect(await messages({ 'src/next.ts': next('n + unit') })).toEqual([]);
    expect(await messages({ 'src/next.ts': next('n - unit') })).toEqual([
      'The example "next(1) gives 2" in src/next.ts, line 3, fails: it gave 0.',
    ]);
    const prior = (result: string) =>
      `const { one } = require('./one.cjs');\n// prior(2) === 1\nfunction prior(n) {\n  return ${result};\n}\nmodule.exports = { prior };\n`;
    expect(await messages({ 'lib/prior.js': prior('n - one') })).toEqual([]);
    expect(await messages({ 'lib/prior.js': prior('n + one') })).toEqual([
      'The example "prior(2) gives 1" in lib/prior.js, line 2, fails: it gave 3.',
    ]);
  });

  const mean = (body: string, example = 'mean([1, 2]) returns 1.5') =>
    `// ${example}\nexport function mean(all) {\n  return ${body};\n}\n`;

  it('count only where the change is why: not what failed before, also under another name', async () => {
    write({ 'mean.js': mean('0') });
    expect(await check({ 'mean.js': mean('1') })).toMatchObject({
      issues: [],
      ran: [{ outcome: 'failed-before' }],
    });
    expect(await messages({ 'mean.js': null, 'lib/mean.js': mean('0') })).toEqual([]);
    expect(await messages({ 'mean.js': mean('1', 'mean([2, 4]) returns 3') })).toEqual([
      'The example "mean([2, 4]) gives 3" in mean.js, line 1, fails: it gave 1.',
    ]);
  });

  it('of the task are what is wished for: they count until they hold, and the report of a bug is no wish', async () => {
    write({ 'mean.js': 'export function mean(all) {\n  return 0;\n}\n' });
    const right = 'export function mean(all) {\n  return all.reduce((a, b) => a + b) / all.length;\n}\n';
    const wish = 'Mend mean in mean.js: mean([1, 2]) returns 1.5.';
    expect(await messages({ 'mean.js': 'export function mean(all) {\n  return 1;\n}\n' }, wish)).toEqual([
      'The example "mean([1, 2]) gives 1.5" of the task fails in mean.js, line 1: it gave 1.',
    ]);
    expect(await messages({ 'mean.js': right }, wish)).toEqual([]);
    expect(await messages({ 'mean.js': right }, 'mean([1, 2]) returns 0 instead of 1.5, mend it.')).toEqual(
      [],
    );
    expect(await check({ 'mean.js': right }, 'mean([1, 2]) returns 0. Mend it.')).toMatchObject({
      issues: [
        { severity: 'warning', message: expect.stringContaining('held before the change of mean.js') },
      ],
    });
    expect(await check({ 'mean.js': right }, 'mean([1, 2]) must return 0.')).toMatchObject({
      issues: [{ severity: 'error' }],
    });
  });

  it('are left alone where nothing is certain, or where they are not wanted', async () => {
    const broken = { 'mean.js': mean('all.length.x.y') };
    write({ 'a.py': '' });
    const files = {
      'needs.py': 'import no_such_package\n\ndef f(x):\n    """f(1) returns 2"""\n    return 1\n',
      'prints.py': 'def f(x):\n    """\n    >>> f(3)\n    3\n    """\n    print(x)\n',
      'types.d.ts': '/** f(1) returns 2 */\nexport declare function f(n: number): number;\n',
      'enum.ts': 'enum A { B }\n// f(1) returns 2\nexport function f(n: number) { return A.B; }\n',
    };
    expect(await messages(files)).toEqual([]);
    expect(await messages(broken)).toHaveLength(1);
    const none = new ProjectChecks({ ...user, examples: false });
    expect(await check(broken, 'Change it.', none)).toEqual({ issues: [], ran: [], skipped: [] });
  });

  it('cannot reach beyond the copy: neither a server of this machine nor a file of the workspace', async () => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const reaching = `// reach(1) returns 1
export async function reach(n) {
  const { writeFileSync } = await import('node:fs');
  writeFileSync('left.txt', 'x');
  return fetch('http://127.0.0.1:${port}/').then(() => 'reached', (error) => error.cause.code);
}
`;
      expect(await messages({ 'reach.js': reaching })).toEqual([expect.stringContaining('ECONNREFUSED')]);
      expect(existsSync(join(folder, 'left.txt'))).toBe(false);
    } finally {
      server.close();
    }
  });
});
