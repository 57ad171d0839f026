import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProjectChecks } from '../../src/workspace/checks/ProjectChecks.ts';
import { type Changes, checkChanges, thisUser } from '../support/check-changes.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';
import { type SampleProject, sampleProject } from '../support/sample-project.ts';

/** Each file whose examples are run is a start of Node or Python in the sandbox, and three where one fails: so what can be is tried in one file. */
describeInSandbox('the examples of changed files', () => {
  let project: SampleProject;
  beforeEach(() => {
    project = sampleProject({});
  });
  afterEach(() => project.remove());

  const check = (changes: Changes, options: Parameters<typeof checkChanges>[2] = {}) =>
    checkChanges(project.folder, changes, options);
  const messages = async (changes: Changes) => (await check(changes)).issues.map(({ message }) => message);

  it('are run within the project in Python: with its packages, and with file and line', async () => {
    const multiply = (operator: string) =>
      `from .base import two\n\n\ndef double(x):\n    """Doubles.\n\n    >>> double(3)\n    6\n    """\n    return x ${operator} two()\n`;
    project.writeAll({
      'shop/__init__.py': '',
      'shop/base.py': 'def two():\n    return 2\n',
      'shop/twice.py': multiply('*'),
    });
    expect((await check({ 'shop/twice.py': `${multiply('*')}\n# Done.\n` })).ran).toMatchObject([
      { name: 'examples of shop/twice.py', outcome: 'passed', command: '1 examples' },
    ]);
    expect((await check({ 'shop/twice.py': multiply('+') })).issues).toEqual([
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
    project.writeAll({
      'src/unit.ts': 'export const unit: number = 1;\n',
      'lib/one.cjs': 'module.exports = { one: 1 };\n',
    });
    const functions = (type: string) =>
      `/** next(1) returns 2 */\nfunction next(n${type})${type} {\n  return n + unit;\n}\n/** prior(1) returns 0 */\nfunction prior(n${type})${type} {\n  return n + unit;\n}\n`;
    expect(
      await messages({
        'src/step.ts': `import { unit } from './unit';\n${functions(': number')}export default { next, prior };\n`,
        'lib/step.js': `const { one: unit } = require('./one.cjs');\n${functions('')}module.exports = { next };\n`,
      }),
    ).toEqual([
      'The example "prior(1) gives 0" in src/step.ts, line 6, fails: it gave 2.',
      'The example "prior(1) gives 0" in lib/step.js, line 6, fails: it gave 2.',
    ]);
  });

  it('count only where the change is why, and those of the task until they hold; the report of a bug is no wish', async () => {
    /** A file of functions, each with what it gives, and the example that stands above it. */
    const file = (functions: Readonly<Record<string, readonly [result: string, example?: string]>>) =>
      Object.entries(functions)
        .map(
          ([name, [result, example]]) =>
            `${example === undefined ? '' : `// ${example}\n`}export function ${name}(n) {\n  return ${result};\n}\n`,
        )
        .join('');
    project.write(
      'sums.js',
      file({
        failedBefore: ['0', 'failedBefore(1) returns 5'],
        newExample: ['0'],
        heldBefore: ['2', 'heldBefore(1) returns 2'],
        unfulfilled: ['0'],
        fulfilled: ['0'],
        reported: ['3'],
        demanded: ['4'],
        corrected: ['0'],
      }),
    );
    const task = [
      'Mend sums.js: unfulfilled(1) returns 1.5.',
      'fulfilled(1) returns 1.5.',
      'reported(1) returns 3.',
      'demanded(1) must return 4.',
      'corrected(1) returns 0 instead of 1.5.',
    ].join('\n');
    const changed = file({
      failedBefore: ['1', 'failedBefore(1) returns 5'],
      newExample: ['1', 'newExample(1) returns 3'],
      heldBefore: ['1', 'heldBefore(1) returns 2'],
      unfulfilled: ['1'],
      fulfilled: ['1.5'],
      reported: ['1'],
      demanded: ['1'],
      corrected: ['1.5'],
    });
    const { issues, ran } = await check({ 'sums.js': changed }, { task });
    expect(ran).toMatchObject([{ outcome: 'failed', command: '8 examples' }]);
    expect(issues.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: The example "unfulfilled(1) gives 1.5" of the task fails in sums.js, line 13: it gave 1.',
      'warning: "reported(1) gives 3", as the task says, held before the change of sums.js, and does not now: it gave 1.',
      'error: The example "demanded(1) gives 4" of the task fails in sums.js, line 22: it gave 1.',
      'error: The example "newExample(1) gives 3" in sums.js, line 5, fails: it gave 1.',
      'error: The example "heldBefore(1) gives 2" in sums.js, line 9, fails: it gave 1.',
    ]);
  });

  it('do not count where they failed before under another name', async () => {
    const wrong = '// one(1) returns 1\nexport const one = () => 0;\n';
    project.write('one.js', wrong);
    expect(await check({ 'one.js': null, 'lib/one.js': wrong })).toMatchObject({
      issues: [],
      ran: [{ outcome: 'failed-before' }],
    });
  });

  it('are left alone where nothing is certain, or where they are not wanted', async () => {
    const broken = {
      'mean.js': '// mean([1, 2]) returns 1.5\nexport const mean = (all) => all.length.x.y;\n',
    };
    const files = {
      ...broken,
      'needs.py': 'import no_such_package\n\ndef f(x):\n    """f(1) returns 2"""\n    return 1\n',
      'prints.py': 'def f(x):\n    """\n    >>> f(3)\n    3\n    """\n    print(x)\n',
      'types.d.ts': '/** f(1) returns 2 */\nexport declare function f(n: number): number;\n',
      'enum.ts': 'enum A { B }\n// f(1) returns 2\nexport function f(n: number) { return A.B; }\n',
    };
    expect(await messages(files)).toEqual([
      expect.stringContaining('in mean.js, line 1, fails: it raised TypeError'),
    ]);
    const by = new ProjectChecks({ ...thisUser, examples: false });
    expect(await check(broken, { by })).toEqual({ issues: [], ran: [], skipped: [] });
  });

  it('are run as if no variable were set: neither what keeps tools quiet nor what this process was given', async () => {
    process.env['TEELAMMA_TEST_SECRET'] = 'sesame';
    try {
      const named = ['NO_COLOR', 'FORCE_COLOR', 'CI', 'TEELAMMA_TEST_SECRET'];
      const files = {
        'variables.js': `// variables() returns []\nexport const variables = () => ${JSON.stringify(named)}.filter((name) => name in process.env);\n`,
        'variables.py': `import os\n\ndef variables():\n    """variables() returns []"""\n    return [name for name in ${JSON.stringify(named)} if name in os.environ]\n`,
      };
      expect((await check(files)).ran).toMatchObject([{ outcome: 'passed' }, { outcome: 'passed' }]);
    } finally {
      delete process.env['TEELAMMA_TEST_SECRET'];
    }
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
      expect(existsSync(join(project.folder, 'left.txt'))).toBe(false);
    } finally {
      server.close();
    }
  });
});
