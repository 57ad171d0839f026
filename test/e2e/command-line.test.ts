import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';
import { type CommandOptions, document, teelamma } from './command.ts';

let folder: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => folder.remove());

const run = (commandLine: string[], options: Omit<CommandOptions, 'home'> = {}) =>
  teelamma(commandLine, { home: folder.home, ...options });

describe('the command', () => {
  it('shows every command and exit code in its help', async () => {
    const { exitCode, stdout, stderr } = await run(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const word of ['run', 'route', 'budget', 'config', 'completion', 'Exit codes', '130']) {
      expect(stdout).toContain(word);
    }
  });

  it('shows its help and fails when nothing was asked for', async () => {
    const { exitCode, stdout, stderr } = await run([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: teelamma');
  });

  it.each([
    [['buget'], "unknown command 'buget' (Did you mean budget?)"],
    [['run', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['run', '--agent', 'gpt', 'x'], 'Allowed choices are claude, ollama'],
    [['config', 'get'], "missing required argument 'key'"],
    [['config', 'get', 'budget.limmit'], '"budget.limmit" is not a setting'],
    [['budget', 'history', '--since', '5'], '--since is "5"'],
    [['budget', 'history', '--limit', '0'], '--limit is "0"'],
    [['completion', 'csh'], 'Allowed choices are bash, zsh'],
  ])('says in one line what is wrong with %j', async (commandLine, problem) => {
    const { exitCode, stdout, stderr } = await run(commandLine);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*\n$/);
    expect(stderr).toContain(problem);
  });

  it('gives an error as one JSON document with --json', async () => {
    const result = await run(['budget', 'set', 'banana', '--json']);
    expect(result.stderr).toBe('');
    expect(document(result)).toEqual({
      error: expect.objectContaining({ code: 'invalid-config', exitCode: 2, key: 'budget.limit' }),
    });
  });

  it('shows a stack only with TEELAMMA_DEBUG', async () => {
    const { stderr } = await run(['config', 'get', 'x.y'], { environment: { TEELAMMA_DEBUG: '1' } });
    expect(stderr).toMatch(/^ {4}at /m);
  });

  it('tells an old Node in one line that it is too old', async () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})";
    const { exitCode, stdout, stderr } = await run(['budget'], { nodeOptions: ['--import', old] });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^teelamma needs Node 22\.13 or newer; this is Node 20\.20\.2\..*\n$/);
  });

  it('ends quietly when its reader goes away', () => {
    const [node, main] = [process.execPath, join(import.meta.dirname, '../../dist/cli/main.js')];
    const script = `"${node}" "${main}" config --json | true; echo "\${PIPESTATUS[0]}"`;
    const env = { PATH: process.env['PATH'] ?? '', TEELAMMA_HOME: folder.home };
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { env, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('colours where it is told to, and not where it is told not to', async () => {
    const colored = await run(['budget'], { environment: { FORCE_COLOR: '1' } });
    const plain = await run(['budget', '--no-color'], { environment: { FORCE_COLOR: '1' } });
    expect(colored.stdout).toContain('\u001b[');
    expect(plain.stdout).not.toContain('\u001b');
  });
});

describe('completion', () => {
  it('completes in a real bash, and runs nothing of what is typed', () => {
    const bin = join(folder.home, 'bin');
    const trap = join(folder.home, 'trap');
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    mkdirSync(bin);
    symlinkSync(main, join(bin, 'teelamma'));
    chmodSync(main, 0o755);
    const script = `
      source <(teelamma completion bash)
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _teelamma; echo "\${COMPREPLY[*]}"; }
      try teelamma bud
      try teelamma budget ''
      try teelamma run --agent ''
      try teelamma run '"$(touch ${trap})"' --si
      [ -e ${trap} ] && echo trapped`;
    const PATH = `${bin}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      env: { PATH, TEELAMMA_HOME: folder.home },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'budget',
      'status set reset history forecast replay reconcile export',
      'claude ollama',
      '--simulate',
      '',
    ]);
  });
});

describe('config', () => {
  it('sets, gets, lists and unsets what it has checked', async () => {
    expect((await run(['config', 'set', 'budget.window', '5h'])).stdout).toBe('budget.window is now 5h.\n');
    expect((await run(['config', 'get', 'budget.window'])).stdout).toBe('5h\n');
    await run(['config', 'set', 'budget.thresholds', '50,90']);
    await run(['config', 'set', 'router.threshold', '0.4']);
    const listed = document(await run(['config', '--json']));
    expect(listed['settings']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'budget.window', value: 18_000_000, source: 'file' }),
        expect.objectContaining({ key: 'budget.thresholds', value: [50, 90] }),
        expect.objectContaining({ key: 'router.threshold', value: 0.4 }),
        expect.objectContaining({ key: 'budget.limit', value: 10_000, source: 'default' }),
      ]),
    );
    await run(['config', 'unset', 'budget.window']);
    expect((await run(['config', 'get', 'budget.window'])).stdout).toBe('24h\n');
  });

  it.each([
    ['budget.limit', 'lots'],
    ['budget.window', '5'],
    ['budget.thresholds', '90,50'],
    ['critic.repairRounds', '9'],
    ['log.level', 'loud'],
    ['claude.url', 'ftp://x'],
  ])('refuses %s = %s and writes nothing', async (key, value) => {
    const { exitCode, stderr } = await run(['config', 'set', key, value]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${key} in the command line is`);
    expect((await run(['config', 'get', key, '--json'])).stdout).toContain('"source": "default"');
  });

  it('never shows a key or a password', async () => {
    const environment = {
      ANTHROPIC_API_KEY: 'sk-ant-very-secret',
      TEELAMMA_CLAUDE_URL: 'http://me:hidden@127.0.0.1:1',
    };
    const listed = await run(['config'], { environment });
    const json = await run(['config', '--json'], { environment });
    const got = await run(['config', 'get', 'claude.url'], { environment });
    expect(listed.stdout).toMatch(/ANTHROPIC_API_KEY +set/);
    expect(listed.stdout + json.stdout + got.stdout).not.toMatch(/very-secret|hidden/);
  });

  it('says where a broken config.json is, which can still be found', async () => {
    const file = join(folder.home, 'config.json');
    writeFileSync(file, '{"budget": {"limit": ');
    const broken = await run(['budget']);
    expect(broken.exitCode).toBe(2);
    expect(broken.stderr).toContain(`${file} is not valid JSON`);
    expect((await run(['config', 'path'])).stdout).toBe(`${file}\n`);
    writeFileSync(file, '{"budget": {"limit": true}}');
    expect((await run(['budget'])).stderr).toContain(`budget.limit in ${file} is true: must be`);
  });
});
