import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;

describe('teelamma init', () => {
  let folder: ReturnType<typeof temporaryHome>;
  let file: string;
  beforeEach(() => {
    folder = temporaryHome();
    file = join(folder.home, '.mcp.json');
  });
  afterEach(() => folder.remove());

  const init = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'init', ...args], {
      cwd: folder.home,
      env: { HOME: folder.home, PATH: '' },
      encoding: 'utf8',
    });

  it('shows the change, writes it, says how other clients are set up, and takes it out again', () => {
    const others = '{\n    "mcpServers": {\n        "git": { "command": "git-mcp" }\n    }\n}\n';
    writeFileSync(file, others);
    const written = init('--yes');
    expect(written.status).toBe(0);
    expect(written.stderr).toContain('+         "teelamma": {');
    expect(written.stdout).toMatch(/claude mcp add.*claude_desktop_config\.json.*Continue.*Cursor/s);
    const { mcpServers } = JSON.parse(readFileSync(file, 'utf8'));
    expect(Object.keys(mcpServers)).toEqual(['git', 'teelamma']);
    expect(init('--yes').stdout).toContain('set up');
    expect(init('--remove', '--yes').status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(others);
  });

  it('makes the file and removes it', () => {
    const { status, stdout } = init('--yes', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ done: 'written', server: { args: [main, 'mcp'] } });
    const started = spawnSync(process.execPath, [main, 'mcp', '--simulate'], { input: '', encoding: 'utf8' });
    expect(started).toMatchObject({ status: 0, stdout: '' });
    expect(init('--remove', '--yes').stdout).toContain('nothing else was in it');
    expect(existsSync(file)).toBe(false);
  });

  it('changes nothing where nobody can be asked, or where the file is broken', () => {
    expect(init()).toMatchObject({ status: 2, stderr: expect.stringContaining('add --yes') });
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, '{"mcpServers": ');
    expect(init('--yes')).toMatchObject({ status: 2, stderr: expect.stringContaining('is not valid JSON') });
    expect(readFileSync(file, 'utf8')).toBe('{"mcpServers": ');
  });
});
