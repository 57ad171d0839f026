import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/index.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { teelamma } from './command.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

describe('teelamma statusline', () => {
  let folder: ReturnType<typeof temporaryHome>;
  beforeEach(() => {
    folder = temporaryHome();
  });
  afterEach(() => folder.remove());

  const run = (input: string, environment: Record<string, string> = {}) =>
    teelamma(['statusline'], { home: folder.home, input, environment: { TZ: 'UTC', ...environment } });

  async function use(tokens: number): Promise<void> {
    const budgets = [{ name: 'web', limit: '20k', window: '5h', match: { project: 'web' } }];
    writeFileSync(join(folder.home, 'config.json'), JSON.stringify({ budgets }));
    await using app = await createApp({ environment: { TEELAMMA_HOME: folder.home } });
    await app.ledger.charge(tokens, { project: 'web' });
  }

  it("shows all budgets that limit the session, Claude Code's limits, and those that Claude reported to us", async () => {
    await use(8_000);
    const resetAtMs = Date.now() + 3_600_000;
    const limit = { leftShare: 0.4, resetAtMs, seenAtMs: Date.now() };
    const limits = [
      { ...limit, name: 'unified-5h' },
      { ...limit, name: 'unified-7d' },
      { ...limit, name: 'requests' },
      { ...limit, name: 'input-tokens', leftShare: 0.1 },
    ];
    writeFileSync(
      join(folder.home, 'state', 'claude-limits.json'),
      JSON.stringify({ version: 1, credentials: { a: limits } }),
    );
    const session = (project: string) =>
      JSON.stringify({
        workspace: { project_dir: `/nowhere/${project}` },
        model: { id: 'claude-opus-5-5', display_name: 'Opus 5.5' },
        rate_limits: { five_hour: { used_percentage: 23 } },
      });
    const { exitCode, stdout, stderr } = await run(session('web'), { NO_COLOR: '1', COLUMNS: '200' });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /^budget ██████░░ 80% 2,000 left, resets [\w: ]+ \| web 40% \| 5h 23% \| 7d 60% until [\d:]+ \| input tokens 90% until [\d:]+ \| Opus 5\.5\n$/,
    );
    const other = await run(session('docs'), { COLUMNS: '40' });
    expect(other.stdout).not.toContain('web');
    expect(other.stdout).toContain('\u001b[33m80%');
  });

  it('shows a limit that was set since the last use', async () => {
    await use(8_000);
    const shown = async () => (await run('', { NO_COLOR: '1' })).stdout;
    await teelamma(['budget', 'set', '16k'], { home: folder.home });
    expect(await shown()).toContain('budget ████░░░░ 50% 8,000 left');
    const copies = ['budgets.json', 'token_budget.json'].map((name) =>
      readFileSync(join(folder.home, 'state', name), 'utf8'),
    );
    expect(copies).toEqual([
      expect.stringContaining('"limit":16000'),
      expect.stringContaining('"dailyLimit":16000'),
    ]);
    // By hand, or by a program that does not open the ledger.
    writeFileSync(join(folder.home, 'config.json'), '{"budget": {"limit": "80k"}}');
    expect(await shown()).toContain('budget █░░░░░░░ 10% 72,000 left');
    // Whose configuration cannot be read is told by every other command.
    writeFileSync(join(folder.home, 'config.json'), '{');
    expect(await run('', { NO_COLOR: '1' })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('50% 8,000 left'),
      stderr: '',
    });
  });

  it.each(['', '{"model":', '\u0000\u0001'])('prints one line whatever stdin says: %j', async (input) => {
    const { exitCode, stdout, stderr } = await run(input, { COLUMNS: 'x' });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: 'teelamma: budget not used yet\n',
      stderr: '',
    });
    expect(existsSync(join(folder.home, 'state'))).toBe(false);
  });

  it('does not wait for a stdin that stays open', async () => {
    const child = spawn(process.execPath, [main, 'statusline'], {
      env: { PATH: process.env['PATH'] ?? '', TEELAMMA_HOME: folder.home },
    });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect([child.exitCode, stdout]).toEqual([0, 'teelamma: budget not used yet\n']);
  });
});
