import { describe, expect, it } from 'vitest';
import type { BudgetStatus } from '../state/Ledger.ts';
import { prometheusName } from './prometheus-name.ts';
import { readBudgets } from './read-budgets.ts';

const tokens: BudgetStatus = {
  name: 'default',
  limitTokens: 10_000,
  settledTokens: 4_000,
  heldTokens: 1_000,
  remainingTokens: 5_000,
  overdraftTokens: 0,
  exhausted: false,
  windowStartMs: 0,
  resetAtMs: 86_400_000,
  windowMs: 86_400_000,
};

const values = (budget: BudgetStatus) =>
  readBudgets([budget]).map(({ instrument, value, attributes }) => [
    prometheusName(instrument),
    value,
    ...Object.values(attributes),
  ]);

describe('readBudgets', () => {
  it('reads a budget in tokens', () => {
    expect(values(tokens)).toEqual([
      ['teelamma_budget_limit', 10_000, 'default'],
      ['teelamma_budget_used', 4_000, 'default'],
      ['teelamma_budget_held', 1_000, 'default'],
      ['teelamma_budget_remaining', 5_000, 'default'],
      ['teelamma_budget_overdraft', 0, 'default'],
      ['teelamma_budget_reset_time_seconds', 86_400, 'default'],
    ]);
  });

  it('reads one in money as USD, under names of their own, and each counter by itself', () => {
    const money: BudgetStatus = {
      ...tokens,
      name: 'team',
      unit: 'micro-usd',
      limitTokens: 20_000_000,
      each: { part: 'user', value: 'ada' },
    };
    expect(values(money)[0]).toEqual(['teelamma_budget_usd_limit', 20, 'team', 'ada']);
  });

  it('names no counter where none is in use yet', () => {
    expect(values({ ...tokens, each: { part: 'user', value: null } })[0]).toEqual([
      'teelamma_budget_limit',
      10_000,
      'default',
    ]);
  });
});
