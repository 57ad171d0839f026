import { describe, expect, it } from 'vitest';
import { forecast, type HourOfUse } from './forecast.ts';
import type { BudgetStatus } from './Ledger.ts';

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 5, 1, 12);

const budget = (remainingTokens: number, given: Partial<BudgetStatus> = {}): BudgetStatus => ({
  name: 'default',
  limitTokens: 100_000,
  settledTokens: 100_000 - remainingTokens,
  heldTokens: 0,
  remainingTokens,
  overdraftTokens: 0,
  exhausted: remainingTokens === 0,
  windowStartMs: nowMs - 10 * hourMs,
  resetAtMs: nowMs + 14 * hourMs,
  windowMs: 24 * hourMs,
  ...given,
});

const hours = (...amounts: readonly number[]): HourOfUse[] =>
  amounts.map((amount, index) => ({ amount, ageHours: amounts.length - index - 0.5, share: 1 }));

describe('forecast', () => {
  it('says when the rest is used up at a steady pace', () => {
    const found = forecast(budget(20_000), hours(5_000, 5_000, 5_000, 5_000, 5_000), nowMs);
    expect(found).toMatchObject({
      verdict: 'ends',
      perHour: 5_000,
      endsAtMs: nowMs + 4 * hourMs,
      busyHours: 5,
    });
    expect(found.earliestMs).toBe(found.latestMs);
  });

  it('follows a change of the pace, and gives the range that the spread allows', () => {
    const slower = forecast(budget(20_000), hours(9_000, 9_000, 9_000, 1_000, 1_000, 1_000, 1_000), nowMs);
    const faster = forecast(budget(20_000), hours(1_000, 1_000, 1_000, 1_000, 9_000, 9_000, 9_000), nowMs);
    expect(faster.perHour).toBeGreaterThan((slower.perHour ?? 0) * 1.5);
    expect(faster.earliestMs).toBeLessThan(faster.endsAtMs ?? 0);
    expect(faster.latestMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(faster.endsAtMs ?? 0);
  });

  it('says that the window ends first, or that it may', () => {
    expect(forecast(budget(90_000), hours(500, 500, 500, 500), nowMs)).toMatchObject({
      verdict: 'lasts',
      endsAtMs: null,
      earliestMs: null,
    });
    const bursts = forecast(budget(60_000), hours(0, 20_000, 0, 0, 0, 15_000, 0, 0), nowMs);
    expect(bursts).toMatchObject({ verdict: 'may-end', latestMs: null });
    expect(bursts.earliestMs).toBeLessThan(nowMs + 14 * hourMs);
  });

  it('counts idle hours, and an hour that has begun by its share', () => {
    const idle = forecast(budget(20_000), hours(4_000, 4_000, 0, 0, 0, 0), nowMs);
    expect(idle.perHour).toBeLessThan(1_500);
    const begun = [...hours(4_000, 4_000), { amount: 1_000, ageHours: 0.125, share: 0.25 }];
    expect(forecast(budget(20_000), begun, nowMs).perHour).toBe(4_000);
  });

  it('says what it does not know', () => {
    expect(forecast(budget(20_000), [], nowMs)).toMatchObject({ verdict: 'too-little-known', perHour: null });
    expect(forecast(budget(20_000), hours(0, 0, 900), nowMs).verdict).toBe('too-little-known');
    expect(forecast(budget(0), hours(1, 1, 1), nowMs).verdict).toBe('exhausted');
  });
});
