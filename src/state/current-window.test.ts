import { describe, expect, it } from 'vitest';
import { budgetStatus, reachedThresholds } from './budget-status.ts';
import { currentWindow, isCurrentWindow } from './current-window.ts';

const spec = { name: 'daily', limitTokens: 1_000, windowMs: 100, thresholdsPercent: [75, 90, 100] };
const running = { startMs: 1_000, ended: false };

describe('the current window', () => {
  it('lasts until the moment before its length has passed', () => {
    expect(isCurrentWindow(spec, running, 1_000)).toBe(true);
    expect(isCurrentWindow(spec, running, 1_099)).toBe(true);
    expect(isCurrentWindow(spec, running, 1_100)).toBe(false);
  });

  it('stays current under a clock that runs backwards', () => {
    expect(isCurrentWindow(spec, running, -5)).toBe(true);
  });

  it('is none before the first use and after a reset', () => {
    expect(isCurrentWindow(spec, null, 1_000)).toBe(false);
    expect(isCurrentWindow(spec, { ...running, ended: true }, 1_000)).toBe(false);
  });

  it('ends when its length says so, or would if it began now', () => {
    expect(currentWindow(spec, running, 1_050)).toEqual({ windowStartMs: 1_000, resetAtMs: 1_100 });
    expect(currentWindow(spec, running, 1_100)).toEqual({ windowStartMs: null, resetAtMs: 1_200 });
    expect(currentWindow(spec, null, 7)).toEqual({ windowStartMs: null, resetAtMs: 107 });
  });

  it('moves its end with the configured length', () => {
    expect(isCurrentWindow({ windowMs: 10 }, running, 1_020)).toBe(false);
  });
});

describe('the status of a budget', () => {
  const sums = { ...running, settledTokens: 700, heldTokens: 200, forcedTokens: 0 };

  it('leaves what is neither settled nor held', () => {
    expect(budgetStatus(spec, sums, 1_050)).toMatchObject({ remainingTokens: 100, exhausted: false });
    expect(budgetStatus(spec, { ...sums, heldTokens: 300 }, 1_050)).toMatchObject({
      remainingTokens: 0,
      exhausted: true,
    });
  });

  it('is that of an unused budget once the window has passed', () => {
    expect(budgetStatus(spec, sums, 1_100)).toMatchObject({
      settledTokens: 0,
      heldTokens: 0,
      remainingTokens: 1_000,
    });
  });

  it('counts as overdraft what forced calls put above the limit, and no more', () => {
    const above = { ...sums, heldTokens: 500 };
    expect(budgetStatus(spec, above, 1_050).overdraftTokens).toBe(0);
    expect(budgetStatus(spec, { ...above, forcedTokens: 50 }, 1_050).overdraftTokens).toBe(50);
    expect(budgetStatus(spec, { ...above, forcedTokens: 900 }, 1_050).overdraftTokens).toBe(200);
  });
});

describe('thresholds', () => {
  it('are reached at exactly their share, above the one that fired before', () => {
    expect(reachedThresholds(spec, 749, 0)).toEqual([]);
    expect(reachedThresholds(spec, 900, 0)).toEqual([75, 90]);
    expect(reachedThresholds(spec, 1_000, 90)).toEqual([100]);
  });
});
