import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientForms } from './client-forms.ts';
import { serverCommand } from './server-command.ts';

const running = { node: '/opt/no de/bin/node', script: '/home/me/main.js' };

describe('serverCommand', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-path-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(bin: string): string {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'teelamma'), '');
    chmodSync(join(bin, 'teelamma'), 0o755);
    return bin;
  }

  it('is the plain command where every shell finds it', () => {
    const path = `/nowhere:${install(join(folder, 'bin'))}`;
    expect(serverCommand({ PATH: path }, running)).toEqual({
      type: 'stdio',
      command: 'teelamma',
      args: ['mcp'],
    });
  });

  it('is this installation by its paths where only npx or nobody finds it', () => {
    const byPath = { type: 'stdio', command: running.node, args: [running.script, 'mcp'] };
    expect(serverCommand({ PATH: install(join(folder, 'node_modules', '.bin')) }, running)).toEqual(byPath);
    expect(serverCommand({}, running)).toEqual(byPath);
  });
});

describe('clientForms', () => {
  it('quotes what a shell and YAML would take apart', () => {
    const forms = new Map(clientForms(serverCommand({}, running)).map(({ client, text }) => [client, text]));
    expect(forms.get('Claude Code')).toBe(
      "claude mcp add --scope user teelamma -- '/opt/no de/bin/node' /home/me/main.js mcp",
    );
    expect(forms.get('Continue')).toContain(
      '    command: "/opt/no de/bin/node"\n    args:\n      - "/home/me/main.js"',
    );
    expect(JSON.parse(forms.get('Cursor') ?? '')).toEqual({
      mcpServers: { teelamma: { command: running.node, args: [running.script, 'mcp'] } },
    });
  });
});
