import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningCommand, startTeelamma, teelamma } from '../support/teelamma.ts';
import { temporaryHome } from '../support/temporary-home.ts';

let home: string;
let folder: string;
let remove: () => void;
let running: RunningCommand | null;
beforeEach(() => {
  ({ home, remove } = temporaryHome());
  folder = join(home, 'logs');
  running = null;
});
afterEach(() => {
  running?.child.kill('SIGKILL');
  remove();
});

const file = (day: string, number = 1) => join(folder, `decisions.2024-11-${day}.00${number}.log`);

function line(entry: Record<string, unknown>): string {
  const time = '2024-11-03T12:00:00.000Z';
  return `${JSON.stringify({ level: 'info', time, agent: 'critic', action: 'review', input: {}, output: {}, ...entry })}\n`;
}

const route = line({
  agent: 'meta-coordinator',
  action: 'route',
  taskId: '0123456789ab',
  output: { targetAgent: 'claude-specialist', reason: 'Complex task (score 0.80)' },
});
const answer = line({
  agent: 'claude-specialist',
  action: 'answer',
  taskId: '0123456789ab',
  output: {
    model: 'claude-sonnet-5-5',
    stopReason: 'end_turn',
    latencyMs: 2_345,
    inputTokens: 900,
    outputTokens: 334,
  },
});
const handover = line({
  agent: 'claude-specialist',
  action: 'handover',
  level: 'warn',
  output: { to: 'ollama-specialist', reason: 'Claude is \u001b[31moverloaded\u001b[0m\u0007\r\nnow' },
});

function show(words: readonly string[] = [], more: Record<string, string> = {}) {
  return teelamma(['log', ...words], { TEELAMMA_HOME: home, ...more });
}

describe('teelamma log', () => {
  it('shows what was decided, newest last, in the time zone of the user, without control characters', async () => {
    mkdirSync(folder);
    writeFileSync(file('03'), route + answer);
    writeFileSync(file('04'), handover);
    const { code, stdout, stderr } = await show([], { TZ: 'Asia/Tokyo' });
    expect(stdout.split('\n').map((row) => row.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'TIME | TASK | AGENT | ACTION | WHAT | TOKENS',
      '2024-11-03 21:00:00 | 01234567 | meta-coordinator | route | to claude: Complex task (score 0.80)',
      '2024-11-03 21:00:00 | 01234567 | claude | answer | claude-sonnet-5-5 in 2.3 s, end_turn | 1,234',
      '2024-11-03 21:00:00 | - | claude | handover | to ollama: Claude is overloaded now',
      '',
    ]);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('prints one JSON document of what the filters let pass', async () => {
    mkdirSync(folder);
    writeFileSync(file('03'), route + answer + handover);
    const entries = async (...words: string[]) =>
      JSON.parse((await show([...words, '--json'])).stdout).map(({ action }: { action: string }) => action);
    expect(await entries()).toEqual(['route', 'answer', 'handover']);
    expect(await entries('--agent', 'claude', '--limit', '1')).toEqual(['handover']);
    expect(await entries('--action', 'route', '--task', '0123')).toEqual(['route']);
    expect(await entries('--level', 'warn')).toEqual(['handover']);
    expect(await entries('--since', '1s')).toEqual([]);
  });

  it('skips broken lines, counts them on stderr, and needs no valid configuration', async () => {
    mkdirSync(folder);
    writeFileSync(join(home, 'config.json'), '{ broken');
    writeFileSync(file('03'), `{"torn": \n${answer}\u0000\u0001\n`);
    const { code, stdout, stderr } = await show();
    expect(code).toBe(0);
    expect(stdout.match(/answer/g)).toHaveLength(1);
    expect(stderr).toBe('2 lines are no entries and were skipped.\n');
  });

  it('says plainly when there is nothing, and what is wrong with an option', async () => {
    expect(await show()).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing is logged in'),
    });
    expect(await show(['--json'])).toMatchObject({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await show(['--since', 'yesterday'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('30m, 2h or 7d'),
    });
    expect(await show(['--limit', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--limit'),
    });
    expect(await show(['--level', 'loud'])).toMatchObject({ code: 2 });
  });

  it('says why a folder cannot be read', async () => {
    writeFileSync(folder, '');
    expect(await show()).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('cannot be read: ENOTDIR'),
    });
    expect(await show(['--follow'])).toMatchObject({ code: 5 });
  });

  it('follows across files, and ends with 0 when it is interrupted', async () => {
    mkdirSync(folder);
    writeFileSync(file('03'), route + answer);
    running = startTeelamma(['log', '--follow', '--limit', '1', '--json', '--agent', 'claude'], {
      TEELAMMA_HOME: home,
    });
    const { printed, child, result } = running;
    const actions = () =>
      printed.stdout
        .split('\n')
        .filter((row) => row !== '')
        .map((row) => JSON.parse(row).action);
    await vi.waitFor(() => expect(actions()).toEqual(['answer']), 10_000);
    appendFileSync(file('03'), route + handover.slice(0, 20));
    writeFileSync(file('03', 2), line({ agent: 'claude-specialist', action: 'rotated' }));
    await vi.waitFor(() => expect(actions()).toEqual(['answer', 'rotated']), 10_000);
    appendFileSync(file('03'), handover.slice(20));
    await vi.waitFor(() => expect(actions()).toEqual(['answer', 'rotated', 'handover']), 10_000);
    writeFileSync(file('04'), line({ agent: 'claude-specialist', action: 'midnight' }));
    await vi.waitFor(() => expect(actions().at(-1)).toBe('midnight'), 10_000);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: 0, stderr: '' });
  });
});
