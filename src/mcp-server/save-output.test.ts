import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveOutput } from './save-output.ts';

describe('saveOutput', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-outputs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes for the user alone, and inside its folder whatever the id', async () => {
    const outputs = join(folder, 'outputs');
    const file = await saveOutput(outputs, '../../etc/passwd', 'text');
    expect(file.startsWith(`${outputs}/`)).toBe(true);
    expect(readdirSync(outputs)).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toBe('text');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(outputs).mode & 0o777).toBe(0o700);
  });

  it('keeps the newest 100', async () => {
    for (let number = 0; number < 103; number += 1) {
      const file = await saveOutput(folder, `task-${number}`, 'text');
      if (number < 100) utimesSync(file, number, number);
    }
    const names = readdirSync(folder);
    expect(names).toHaveLength(100);
    expect(names).not.toContain('task-2.md');
    expect(names).toContain('task-3.md');
    expect(names).toContain('task-102.md');
  });
});
