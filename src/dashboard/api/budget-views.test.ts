import { describe, expect, it } from 'vitest';
import type { BudgetView } from './api-types.ts';
import { alertViews } from './budget-views.ts';

const budget: BudgetView = {
  id: 'default',
  name: 'default',
  counter: null,
  title: 'default',
  limit: 1_000,
  settled: 0,
  held: 0,
  remaining: 1_000,
  overdraft: 0,
  exhausted: false,
  windowStartMs: 0,
  resetAtMs: 86_400_000,
  windowText: '24h',
  limitsOnly: null,
  thresholdsPercent: [75, 90, 100],
  mayChangeLimit: true,
  isBinding: false,
  forecast: { verdict: 'too-little-known', perHour: null, endsAtMs: null, earliestMs: null, latestMs: null },
};
const alertsAt = (settled: number, overdraft = 0) =>
  alertViews([{ ...budget, settled, overdraft, remaining: Math.max(0, 1_000 - settled) }]).map(
    ({ level, text }) => `${level}: ${text}`,
  );

describe('alertViews', () => {
  it('tells of the highest threshold that is reached', () => {
    expect(alertsAt(749)).toEqual([]);
    expect(alertsAt(750)).toEqual(['warning: default: 75% of the budget is used (threshold 75%).']);
    expect(alertsAt(999)).toEqual(['warning: default: 99% of the budget is used (threshold 90%).']);
    expect(alertsAt(1_000)).toEqual([
      'critical: default: the budget is used up, so tasks go to Ollama until it resets.',
    ]);
  });

  it('tells of the threshold too where tokens were spent above the limit, which may have been raised since', () => {
    const spent = 'critical: default: 300 tokens were spent above the limit by force.';
    expect(alertsAt(1_300, 300)).toEqual([
      spent,
      'critical: default: the budget is used up, so tasks go to Ollama until it resets.',
    ]);
    expect(alertsAt(950, 300)).toEqual([
      spent,
      'warning: default: 95% of the budget is used (threshold 90%).',
    ]);
    expect(alertsAt(100, 300)).toEqual([spent]);
  });
});
