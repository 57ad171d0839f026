import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processScope } from './process-scope.ts';

describe('the scope of a process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-scope-'));
    mkdirSync(join(folder, 'shop', '.git'), { recursive: true });
    mkdirSync(join(folder, 'shop', 'src', 'cart'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has the user, the door, and the name of the repository that it works in', () => {
    expect(processScope({}, 'cli', join(folder, 'shop', 'src', 'cart'))).toEqual({
      door: 'cli',
      user: userInfo().username,
      project: 'shop',
    });
  });

  it("takes the variable's word for the project", () => {
    expect(processScope({ TEELAMMA_PROJECT: 'web' }, 'mcp', join(folder, 'shop')).project).toBe('web');
    expect(processScope({ TEELAMMA_PROJECT: 'web' }, 'gateway', folder).project).toBe('web');
  });

  it('knows no project of those who ask a gateway', () => {
    expect(processScope({}, 'gateway', join(folder, 'shop'))).not.toHaveProperty('project');
  });
});
