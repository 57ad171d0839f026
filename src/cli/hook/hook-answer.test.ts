import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OverviewBudget } from '../../state/budget-overview.ts';
import { claimWarning } from './claim-warning.ts';
import { hookAnswer } from './hook-answer.ts';
import { parseHookInput } from './hook-input.ts';

const nowMs = Date.UTC(2026, 0, 5, 12);
const usual: OverviewBudget = {
  name: 'default',
  limit: 10_000,
  settled: 8_000,
  held: 500,
  resetAtMs: nowMs + 3_600_000,
  thresholdsPercent: [75, 90, 100],
};

describe('the warnings of a session', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'teelamma-hook-')), 'hooks');
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  const told = (budgets: readonly OverviewBudget[], session = 'one', isBlocking = false) =>
    hookAnswer(budgets, isBlocking, {
      claim: (budget, percent) => claimWarning(folder, session, budget, percent, nowMs),
      clock: () => '14:00',
    });
  const at = (settled: number, more: Partial<OverviewBudget> = {}) => ({ ...usual, settled, ...more });

  it('come once for each threshold, window and session', () => {
    expect(told([at(7_499)])).toBeNull();
    expect(told([at(8_000)])).toEqual({
      systemMessage: 'Token budget default is 80% used (8,000 of 10,000), 1,500 tokens left until 14:00.',
    });
    expect(told([at(8_900)])).toBeNull();
    expect(told([at(8_900)], 'two')).not.toBeNull();
    expect(told([at(10_000)])).toEqual({
      systemMessage:
        'Token budget default is used up: what goes through teelamma is done by Ollama until 14:00.',
    });
    // 90 % was passed on the way and is not told after the fact.
    expect(told([at(9_500)])).toBeNull();
    expect(told([at(8_000, { resetAtMs: nowMs + 90_000_000 })])).not.toBeNull();
  });

  it('name every budget that has news, and money as money', () => {
    const web = at(100, { name: 'web', limit: 100, each: { part: 'project', value: 'a/../b' }, held: 0 });
    const money = at(3_800_000, { name: 'week', unit: 'micro-usd', limit: 5_000_000, held: 0 });
    expect(told([usual, web, money, at(0, { name: 'free' })])?.systemMessage?.split('\n')).toEqual([
      expect.stringContaining('default is 80% used'),
      'Token budget web (project: a/../b) is used up: what goes through teelamma is done by Ollama until 14:00.',
      'Token budget week is 76% used ($3.80 of $5.00), $1.20 left until 14:00.',
    ]);
    expect(readdirSync(join(folder, 'one')).every((name) => /^[\w.]+$/.test(name))).toBe(true);
  });

  it('refuse a prompt only where that was asked for and a budget is used up, holds included', () => {
    expect(told([at(9_500)], 'one', true)).toMatchObject({
      decision: 'block',
      reason: expect.stringMatching(/used up until 14:00, and hook\.block is on.*teelamma budget set/),
    });
    expect(told([at(9_400)], 'one', true)).toHaveProperty('systemMessage');
    expect(told([at(10_000)], 'two')).not.toHaveProperty('decision');
  });

  it('are forgotten a month after the session', () => {
    told([usual], 'old');
    utimesSync(join(folder, 'old'), 0, nowMs / 1_000 - 31 * 86_400);
    told([usual], 'new');
    expect([existsSync(join(folder, 'old')), existsSync(join(folder, 'new'))]).toEqual([false, true]);
  });

  it('come each time where nothing can be kept', () => {
    const nowhere = '/proc/nowhere';
    expect([1, 2].map(() => claimWarning(nowhere, 'one', usual, 75, nowMs))).toEqual([true, true]);
  });
});

describe('parseHookInput', () => {
  it('reads what Claude Code sends', () => {
    const sent = { session_id: '1cc0-a', hook_event_name: 'Stop', cwd: '/home/me', prompt: 'x' };
    expect(parseHookInput(JSON.stringify(sent))).toEqual({
      event: 'Stop',
      sessionId: '1cc0-a',
      folder: '/home/me',
    });
  });

  it.each(['', 'no json', '[1]', 'null', '{"session_id": "../../etc", "cwd": 5}'])(
    'knows nothing of what is not there: %s',
    (text) => {
      expect(parseHookInput(text)).toEqual({ event: '', sessionId: 'unknown', folder: null });
    },
  );
});
