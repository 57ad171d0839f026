import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeConfigFile } from '../../src/config/config-file.ts';
import type { Simulators } from '../../src/simulators/start-simulators.ts';
import { calls, type SampleProject, sampleFiles } from '../support/sample-project.ts';
import { startWorkspaceCommand, type WorkspaceCommand } from './workspace-command.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const task = 'Fix the total in src/cart.js';
const fix = calls([
  'edit_file',
  { path: 'src/cart.js', old_string: 'sum - price', new_string: 'sum + price' },
]);
const done = { text: 'The total adds up now.' };

let setting: WorkspaceCommand;
let project: SampleProject;
let simulators: Simulators;

beforeEach(async () => {
  setting = await startWorkspaceCommand({ 'checks.enabled': false });
  ({ project, simulators } = setting);
});
afterEach(() => setting[Symbol.asyncDispose]());

const command = (...words: string[]) => setting.run(words);
const work = (...more: string[]) => {
  simulators.ollama.script.push(fix, done);
  return command('run', '--workspace', project.folder, ...more, task);
};
const cart = () => project.files()['src/cart.js'];
const git = (...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=Me', '-c', 'user.email=me@example.org', ...words], {
    cwd: project.folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });

describe('run --workspace', () => {
  it('with --dry-run shows a diff that git apply takes, and ends with 0', async () => {
    const { exitCode, stdout, stderr } = await work('--dry-run');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Nothing was applied (--dry-run).');
    expect(project.files()).toEqual(sampleFiles);
    const diff = stdout.slice(stdout.indexOf('diff --git'));
    execFileSync('git', ['apply'], { cwd: project.folder, input: diff });
    expect(cart()).toContain('sum + price');
  });

  it('without a terminal shows it, says what to do, and ends with 7', async () => {
    const { exitCode, stdout, stderr } = await work();
    expect(exitCode).toBe(7);
    expect(stdout).toContain('+  return prices.reduce((sum, price) => sum + price, 0);');
    expect(stderr).toContain('nobody could be asked. Add --apply');
    expect(project.files()).toEqual(sampleFiles);
  });

  it('with --apply changes the files; undo lists it, takes it back once, and refuses what was changed since', async () => {
    const applied = await work('--apply');
    expect(applied).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('takes it back') });
    expect(cart()).toContain('sum + price');
    const list = await command('undo', '--list', project.folder);
    expect(list.stdout).toMatch(/"Fix the total in src\/cart.js": src\/cart.js\n$/);
    expect(await command('undo', project.folder)).toMatchObject({ exitCode: 0 });
    expect(project.files()).toEqual(sampleFiles);
    expect((await command('undo', '--list', project.folder)).stdout).toContain('undone "Fix');
    const again = await command('undo', project.folder);
    expect(again).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('no task to undo') });
    await work('--apply', '--quiet');
    project.write('src/cart.js', 'mine\n');
    const refused = await command('undo', project.folder);
    expect(refused).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('src/cart.js changed since'),
    });
    expect(cart()).toBe('mine\n');
  });

  it('with --commit commits the files of the task alone', async () => {
    git('init', '-q', '-b', 'main');
    for (const [key, value] of [
      ['user.name', 'Me'],
      ['user.email', 'me@example.org'],
    ] as const)
      git('config', key, value);
    git('add', '.');
    git('commit', '-qm', 'first');
    project.write('mine.txt', 'mine\n');
    const result = await work('--apply', '--commit');
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Committed as') });
    expect(git('show', '--name-only', '--format=%s', 'HEAD').trim().split('\n')).toEqual([
      task,
      '',
      'src/cart.js',
    ]);
    expect(git('status', '--porcelain')).toBe('?? mine.txt\n');
  });

  it('commits what a model says without its control characters', async () => {
    git('init', '-q', '-b', 'main');
    git('config', 'user.name', 'Me');
    git('config', 'user.email', 'me@example.org');
    git('add', '.');
    git('commit', '-qm', 'first');
    simulators.ollama.script.push(fix, { text: 'Done\u0000 and \u001b[31mred.' });
    const result = await command('run', '--workspace', project.folder, '--apply', '--commit', task);
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Committed as') });
    expect(git('log', '-1', '--format=%b')).toContain('Done and [31mred.');
  });

  it.each([
    ['a task', () => ['run', '--workspace', project.folder, '--apply', task]],
    ['`checks --run`', () => ['checks', '--run', project.folder]],
  ])('ends %s that is interrupted in a check in one line, with 130', async (_what, words) => {
    writeConfigFile(join(setting.home, 'config.json'), {
      'checks.enabled': true,
      'checks.sandbox': 'none',
      'checks.commands': [`touch '${setting.home}/begun'; sleep 60`],
    });
    simulators.ollama.script.push(fix, done);
    const child = spawn(process.execPath, [main, ...words()], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: setting.home,
        TEELAMMA_HOME: setting.home,
        ...setting.environment,
      },
    });
    let shown = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    child.stdin.end();
    while (!existsSync(join(setting.home, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(shown).toMatch(/teelamma: The task was stopped: interrupted by SIGINT\n$/);
    expect(project.files()).toEqual(sampleFiles);
  });

  it('applies nothing where a file changed while the task ran', async () => {
    simulators.ollama.script.push(fix, { ...done, fault: { kind: 'slow', beforeMs: 1_500 } });
    const running = command('run', '--workspace', project.folder, '--apply', task);
    while (simulators.ollama.requests.filter(({ callIndex }) => callIndex !== null).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    project.write('src/cart.js', 'mine\n');
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(7);
    expect(stderr).toContain('src/cart.js changed while the task ran');
    expect(cart()).toBe('mine\n');
  });

  it.each<[string, () => string[], number, string]>([
    ['a folder that is not there', () => [join(project.folder, 'nowhere')], 2, 'nowhere is not there'],
    ['a file', () => [join(project.folder, 'package.json')], 2, 'package.json is no folder'],
    ['no folder', () => [''], 2, '--workspace is empty'],
    ['--commit outside of git', () => [project.folder, '--apply', '--commit'], 2, 'in no git repository'],
    ['--apply with --dry-run', () => [project.folder, '--apply', '--dry-run'], 2, '--dry-run'],
  ])('refuses %s in one line, and asks no model', async (_what, words, code, problem) => {
    const { exitCode, stdout, stderr } = await command('run', task, '--workspace', ...words());
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*\n$/);
    expect(stderr).toContain(problem);
    expect(simulators.ollama.requests.filter(({ callIndex }) => callIndex !== null)).toEqual([]);
  });
});

/** `script` of util-linux gives a child a terminal of its own; others have another command line. */
const hasTerminals = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8', stdio: 'pipe' }).includes('util-linux');
  } catch {
    return false;
  }
})();

const onTerminals = 'run --workspace on a terminal';
const why = hasTerminals ? '' : ' (NOT TESTED HERE: there is no `script` of util-linux)';

describe.runIf(hasTerminals)(`${onTerminals}${why}`, () => {
  /** Everything that the terminal showed, after the question was answered. */
  async function onTerminal(answer: string, flags = ''): Promise<{ code: number | null; shown: string }> {
    simulators.ollama.script.push(fix, done);
    const line = `'${process.execPath}' '${main}' run --workspace '${project.folder}' ${flags} '${task}'`;
    const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: setting.home,
        TEELAMMA_HOME: setting.home,
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
        ...setting.environment,
      },
    });
    let shown = '';
    let isAnswered = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      if (isAnswered || !shown.includes('[y/N]')) return;
      isAnswered = true;
      child.stdin.write(`${answer}\r`);
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, shown };
  }

  it('shows the diff in colour, asks, and applies on yes', async () => {
    const { code, shown } = await onTerminal('y');
    expect(shown).toContain('\u001b[31m-  return prices.reduce((sum, price) => sum - price, 0);\u001b[39m');
    expect(shown).toContain('\u001b[32m+  return prices.reduce((sum, price) => sum + price, 0);\u001b[39m');
    expect(shown).toContain('Apply this change? [y/N]');
    expect(shown).toContain('Applied.');
    expect(code).toBe(0);
    expect(readFileSync(join(project.folder, 'src/cart.js'), 'utf8')).toContain('sum + price');
  });

  it('asks nobody with --json, since the diff would come after the answer', async () => {
    const { code, shown } = await onTerminal('y', '--json');
    expect(shown).not.toContain('[y/N]');
    expect(shown).toContain('"reason": "Nothing was applied: nobody could be asked');
    expect(code).toBe(7);
    expect(project.files()).toEqual(sampleFiles);
  });

  it('ends in a line of its own where the question is left with Ctrl-D', async () => {
    const { code, shown } = await onTerminal('\u0004');
    expect(shown).toMatch(/\[y\/N\] [^\n]*\n[^\n]*teelamma:.* no answer was given/);
    expect(code).toBe(130);
  });

  it('changes nothing on no, and ends with 7', async () => {
    const { code, shown } = await onTerminal('n');
    expect(shown).toContain('Nothing was applied.');
    expect(code).toBe(7);
    expect(project.files()).toEqual(sampleFiles);
  });
});
