import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';
import { teelamma } from './command.ts';

describe('the README', () => {
  it('shows a session as it really is', async () => {
    const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
    const shown =
      /```console\n\$ teelamma demo\n([\s\S]*?)```/.exec(readme)?.[1]?.trimEnd().split('\n') ?? [];
    expect(shown.length).toBeGreaterThan(20);
    const folder = temporaryHome();
    try {
      const { stdout } = await teelamma(['demo'], { home: folder.home });
      const real = new Set(stdout.split('\n'));
      expect(shown.filter((line) => line !== '...' && !real.has(line))).toEqual([]);
    } finally {
      folder.remove();
    }
  });
});
