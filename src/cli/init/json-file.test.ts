import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJsonFile, writeJsonFile } from './json-file.ts';

describe("a client's file", () => {
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
  ])('is refused where it reads %j', (text, problem) => {
    writeFileSync(file, text);
    expect(() => readJsonFile(file)).toThrow(problem);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('is written through a link, with the mode it had', () => {
    const target = join(folder, 'shared.json');
    writeFileSync(target, '{}', { mode: 0o640 });
    symlinkSync(target, file);
    writeJsonFile(file, '{"a": 1}');
    expect(readFileSync(target, 'utf8')).toBe('{"a": 1}');
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readJsonFile(file)).toBe('{"a": 1}');
    expect(readJsonFile(join(folder, 'none.json'))).toBeNull();
  });

  it('takes its folder with it, where that is .claude and empty', () => {
    const settings = join(folder, '.claude', 'settings.local.json');
    writeJsonFile(settings, '{}');
    writeJsonFile(join(folder, '.claude', 'other.json'), '{}');
    writeJsonFile(settings, null);
    expect(existsSync(join(folder, '.claude'))).toBe(true);
    writeJsonFile(join(folder, '.claude', 'other.json'), null);
    expect(existsSync(join(folder, '.claude'))).toBe(false);
    writeFileSync(file, '');
    expect(() => writeJsonFile(join(file, 'x.json'), '{}')).toThrow(/cannot be written/);
  });
});
