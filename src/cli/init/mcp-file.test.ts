import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMcpFile, type ServerEntry, withoutServer, withServer, writeMcpFile } from './mcp-file.ts';

const entry: ServerEntry = { type: 'stdio', command: 'teelamma', args: ['mcp'] };

describe('the server in .mcp.json', () => {
  it('is added to nothing, and nothing is left when it is taken out', () => {
    const text = withServer(null, entry);
    expect(JSON.parse(text)).toEqual({ mcpServers: { teelamma: entry } });
    expect(withoutServer(text)).toBeNull();
  });

  it('keeps what a user added to its entry, and is not written twice', () => {
    const own = '{"mcpServers": {"teelamma": {"command": "old", "env": {"TEELAMMA_BUDGET": "2M"}}}}';
    const text = withServer(own, entry);
    expect(JSON.parse(text)).toEqual({
      mcpServers: { teelamma: { ...entry, env: { TEELAMMA_BUDGET: '2M' } } },
    });
    expect(withServer(text, entry)).toBe(text);
  });

  it('leaves other servers, other keys and a byte order mark as they are', () => {
    const others = '\ufeff{"mcpServers": {"git": {"command": "git-mcp"}}, "x": [1,2]}';
    const text = withServer(others, entry);
    expect(text.startsWith('\ufeff{"mcpServers": {"git": {"command": "git-mcp"}, "teelamma"')).toBe(true);
    expect(withoutServer(text)).toBe(others);
    expect(withoutServer(others)).toBe(others);
    expect(withoutServer('{"mcpServers": {"teelamma": {}}, "x": 1}')).toBe('{"x": 1}');
  });
});

describe('.mcp.json on disk', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-init-'));
    file = join(folder, '.mcp.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['{"mcpServers": ', /not valid JSON.*It was not touched/],
    ['[]', /something else than a JSON object/],
    ['{"mcpServers": []}', /"mcpServers" that is not an object/],
  ])('is refused where it reads %j', (text, problem) => {
    writeFileSync(file, text);
    expect(() => readMcpFile(file)).toThrow(problem);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('is written through a link, with the mode it had', () => {
    const target = join(folder, 'shared.json');
    writeFileSync(target, '{}', { mode: 0o640 });
    symlinkSync(target, file);
    writeMcpFile(file, '{"a": 1}');
    expect(readFileSync(target, 'utf8')).toBe('{"a": 1}');
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readMcpFile(file)).toBe('{"a": 1}');
    expect(readMcpFile(join(folder, 'none.json'))).toBeNull();
  });
});
