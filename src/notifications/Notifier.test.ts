import { describe, expect, it } from 'vitest';
import type { BudgetStatus } from '../state/Ledger.ts';
import { type Notification, notificationEvent, notificationText } from './Notification.ts';
import { Notifier, type NotifierPorts } from './Notifier.ts';

const budget: BudgetStatus = {
  name: 'week',
  unit: 'micro-usd',
  limitTokens: 5_000_000,
  settledTokens: 4_500_000,
  heldTokens: 100_000,
  remainingTokens: 400_000,
  overdraftTokens: 0,
  exhausted: false,
  windowStartMs: 0,
  resetAtMs: Date.UTC(2026, 0, 12),
  windowMs: 1,
};
const threshold: Notification = { type: 'threshold', budget, percent: 90 };
const handover: Notification = {
  type: 'handover',
  from: 'claude-specialist',
  to: 'ollama-specialist',
  reason: 'Claude answered 529\u001b[2J',
  door: 'cli',
};

describe('a notification', () => {
  it('is one line for people', () => {
    expect(notificationText(threshold)).toBe('Token budget week reached 90%: $4.50 of $5.00 used');
    expect(notificationText({ ...threshold, percent: 100 })).toContain(
      'Ollama does the work until it resets',
    );
    expect(notificationText(handover)).toBe(
      'Handover from claude-specialist to ollama-specialist: Claude answered 529 [2J',
    );
  });

  it('is an event for programs', () => {
    expect(notificationEvent(threshold, 0)).toEqual({
      type: 'budget.threshold',
      timestamp: '1970-01-01T00:00:00.000Z',
      data: {
        message: 'Token budget week reached 90%: $4.50 of $5.00 used',
        budget: 'week',
        percent: 90,
        unit: 'micro-usd',
        limit: 5_000_000,
        settled: 4_500_000,
        held: 100_000,
        remaining: 400_000,
        resetAt: '2026-01-12T00:00:00.000Z',
      },
    });
    expect(notificationEvent(handover, 0)).toMatchObject({ type: 'task.handover', data: { door: 'cli' } });
  });
});

describe('Notifier', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const sent: unknown[] = [];
  const ports: NotifierPorts = {
    nowMs: () => nowMs,
    terminal: (line) => lines.push(line),
    desktop: null,
    webhook: { send: (message) => sent.push(message), close: async () => undefined },
    onProblem: () => undefined,
  };

  it('tells of a handover once in five minutes for each direction, and of every threshold', () => {
    const notifier = new Notifier(ports);
    for (const one of [handover, handover, threshold, threshold]) notifier.notify(one);
    notifier.notify({ ...handover, from: 'ollama-specialist', to: 'claude-specialist' });
    expect(lines).toHaveLength(4);
    nowMs = 5 * 60_000;
    notifier.notify(handover);
    expect([lines.length, sent.length]).toEqual([5, 5]);
  });

  it('gives a desktop that is not there up, and says so once', async () => {
    let tries = 0;
    const problems: string[] = [];
    await using notifier = new Notifier({
      ...ports,
      desktop: async () => {
        tries += 1;
        return { shown: false, isAvailable: tries < 2, problem: tries < 2 ? 'no session' : 'not installed' };
      },
      onProblem: (problem) => problems.push(problem),
    });
    for (let time = 0; time < 3; time += 1) {
      notifier.notify(threshold);
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(tries).toBe(2);
    expect(problems).toHaveLength(2);
  });
});
