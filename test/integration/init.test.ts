import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** `script` of util-linux gives a child a terminal of its own; others have another command line. */
const hasTerminals = String(spawnSync('script', ['--version']).stdout).includes('util-linux');

describe('teelamma init', () => {
  let folder: ReturnType<typeof temporaryHome>;
  let project: string;
  let servers: string;
  let settings: string;
  beforeEach(() => {
    folder = temporaryHome();
    project = join(folder.home, 'project');
    mkdirSync(project);
    servers = join(project, '.mcp.json');
    settings = join(project, '.claude', 'settings.local.json');
  });
  afterEach(() => folder.remove());

  const initWith = (environment: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [main, 'init', ...args], {
      cwd: project,
      env: { HOME: folder.home, PATH: '', ...environment },
      encoding: 'utf8',
    });
  const init = (...args: string[]) => initWith({}, ...args);
  const read = (file: string) => readFileSync(file, 'utf8');
  const json = (file: string) => JSON.parse(read(file)) as Record<string, unknown>;
  function write(file: string, text: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  function onPath(): string {
    const bin = join(folder.home, 'bin');
    write(join(bin, 'teelamma'), '#!/bin/sh\n');
    chmodSync(join(bin, 'teelamma'), 0o755);
    return bin;
  }

  it('shows the changes, makes them, says how other clients are set up, and takes them back to the last character', () => {
    const ownServers = '{\n    "mcpServers": {\n        "git": { "command": "git-mcp" }\n    }\n}\n';
    const ownSettings = '{ "env":{"ANTHROPIC_API_KEY":"sk-ant-not-a-key"} ,\n\t"model":"opus" }';
    write(servers, ownServers);
    write(settings, ownSettings);
    const made = init('--yes');
    expect(made.status).toBe(0);
    expect(made.stderr).toContain('+         "teelamma": {');
    expect(made.stderr).toContain('"statusLine"');
    expect(made.stderr + made.stdout).not.toContain('sk-ant-not-a-key');
    expect(made.stdout).toMatch(/claude mcp add.*claude_desktop_config\.json.*Continue.*Cursor/s);
    expect(json(servers)).toMatchObject({
      mcpServers: { git: {}, teelamma: { type: 'stdio', args: [main, 'mcp'] } },
    });
    const hook = { hooks: [{ type: 'command', command: `${process.execPath} ${main} hook`, timeout: 5 }] };
    expect(json(settings)).toMatchObject({
      model: 'opus',
      statusLine: { type: 'command', command: `${process.execPath} ${main} statusline` },
      hooks: { SessionStart: [hook], UserPromptSubmit: [hook], Stop: [hook] },
    });
    expect(init('--yes').stdout).toMatch(
      /set up in .*\.mcp\.json already\.\n.*set up in .*local\.json already/,
    );
    expect(init('--undo', '--yes').status).toBe(0);
    expect([read(servers), read(settings)]).toEqual([ownServers, ownSettings]);
    expect(init('--undo', '--yes').stdout).toContain('There is nothing of teelamma');
  });

  it('makes the files and removes them, with the folder', () => {
    const { status, stdout } = init('--yes', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      done: 'made',
      files: [
        { file: servers, done: 'written' },
        { file: settings, done: 'written' },
      ],
      server: { args: [main, 'mcp'] },
    });
    const { command, args } = (
      json(servers) as { mcpServers: { teelamma: { command: string; args: string[] } } }
    ).mcpServers.teelamma;
    expect(spawnSync(command, [...args, '--simulate'], { input: '', encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(init('--remove', '--yes').stdout).toContain('nothing else was in it');
    expect([existsSync(servers), existsSync(dirname(settings))]).toEqual([false, false]);
  });

  it('leaves another status line, and says so; replaces it where that is asked for, and puts it back', () => {
    const own = '{"statusLine": {"type":"command",  "command":"mine"}}\n';
    write(settings, own);
    const yielded = init('--yes', '--only', 'status-line');
    expect(yielded).toMatchObject({ status: 0, stderr: expect.stringContaining('--replace-status-line') });
    expect(read(settings)).toBe(own);
    init('--yes', '--only', 'status-line', '--replace-status-line');
    expect(read(settings)).toContain('statusline');
    init('--undo', '--yes');
    expect(read(settings)).toBe(own);
  });

  it('takes ours out of files that were edited meanwhile, with or without the record of it', () => {
    init('--yes');
    const edited = read(settings)
      .replace('{', '{\n  "model": "opus",')
      .replace(/ statusline"/, ' mine"');
    write(settings, edited);
    const undone = init('--undo', '--yes');
    expect(undone.stderr).toContain('"statusLine" was changed since and stays');
    expect(json(settings)).toMatchObject({ model: 'opus', statusLine: { type: 'command' } });
    expect(Object.keys(json(settings))).toEqual(['model', 'statusLine']);
    expect(existsSync(servers)).toBe(false);

    write(settings, '{"model": "opus"}');
    init('--yes');
    rmSync(join(folder.home, '.teelamma'), { recursive: true });
    write(settings, '{"model": "opus", "hooks": {}}');
    write(servers, '{"mcpServers": {"teelamma": {"command": "an older one"}}}');
    init('--undo', '--yes');
    expect([json(settings), existsSync(servers)]).toEqual([{ model: 'opus', hooks: {} }, false]);
  });

  it('sets up every project of a user, by the plugin and through the gateway where that is asked for', () => {
    const config = join(folder.home, 'claude');
    const environment = { CLAUDE_CONFIG_DIR: config, PATH: onPath() };
    expect(initWith(environment, '--user', '--plugin', '--gateway', '--yes').status).toBe(0);
    const file = join(config, 'settings.json');
    expect(json(file)).toEqual({
      extraKnownMarketplaces: { 'claude-teelamma': { source: { source: 'directory', path: repository } } },
      enabledPlugins: { 'teelamma@claude-teelamma': true },
      statusLine: { type: 'command', command: 'teelamma statusline' },
      env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:7434' },
    });
    expect(initWith(environment, '--user', '--undo', '--yes').status).toBe(0);
    expect(existsSync(file)).toBe(false);

    expect(init('--user', '--yes').status).toBe(0);
    expect(json(join(folder.home, '.claude.json'))).toHaveProperty('mcpServers.teelamma');
    expect(json(join(folder.home, '.claude', 'settings.json'))).toHaveProperty('hooks.Stop');
  });

  it('changes nothing where nobody can be asked, where a file is broken, and for what it does not know', () => {
    const refused = (said: string, ...args: string[]) =>
      expect(init(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(said) });
    refused('add --yes');
    refused('not "everything"', '--only', 'everything');
    refused('takes a URL', '--gateway', 'localhost:1');
    refused('not on the PATH', '--plugin');
    expect(existsSync(servers)).toBe(false);
    write(settings, '{"hooks": ');
    refused('is not valid JSON', '--yes');
    write(settings, '{"hooks": {"Stop": {}}}');
    refused('cannot be changed: "hooks.Stop" is not a list. Mend it', '--yes');
    expect([existsSync(servers), read(settings)]).toEqual([false, '{"hooks": {"Stop": {}}}']);
  });

  it.runIf(hasTerminals)('asks once on a terminal', () => {
    const onTerminal = (answer: string) =>
      spawnSync('script', ['-qec', `"${process.execPath}" "${main}" init`, '/dev/null'], {
        cwd: project,
        env: { HOME: folder.home, PATH: process.env['PATH'] ?? '', TERM: 'dumb' },
        input: answer,
        encoding: 'utf8',
      });
    const declined = onTerminal('n\n');
    expect(declined.stdout).toContain('Make these changes? [y/N]');
    expect(declined.stdout).toContain('.mcp.json was not changed');
    expect(existsSync(servers)).toBe(false);
    expect(onTerminal('y\n').stdout).toContain('teelamma init --undo` takes it back');
    expect([existsSync(servers), existsSync(settings)]).toEqual([true, true]);
  });
});
