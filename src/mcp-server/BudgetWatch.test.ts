import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BudgetStatus, LedgerEvent } from '../state/Ledger.ts';
import { BudgetWatch } from './BudgetWatch.ts';

const unused: BudgetStatus = {
  name: 'default',
  limitTokens: 100,
  settledTokens: 0,
  heldTokens: 0,
  remainingTokens: 100,
  overdraftTokens: 0,
  exhausted: false,
  windowStartMs: null,
  resetAtMs: 1,
  windowMs: 1_000,
};

describe('BudgetWatch', () => {
  let budget: BudgetStatus;
  let reads: number;
  let listeners: Set<(event: LedgerEvent) => void>;
  let watch: BudgetWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    budget = unused;
    reads = 0;
    listeners = new Set();
    const ledger = {
      status: async () => {
        reads += 1;
        return [budget];
      },
      subscribe: (listener: (event: LedgerEvent) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    watch = new BudgetWatch({ pollMs: 1_000 }, { ledger });
  });
  afterEach(() => vi.useRealTimers());

  it('reads nothing while nobody listens', async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    const stop = watch.subscribe(() => undefined);
    stop();
    reads = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reads).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it('tells of a change by this process at once, and by another within a beat', async () => {
    let told = 0;
    watch.subscribe(() => {
      told += 1;
    });
    await vi.advanceTimersByTimeAsync(0);
    budget = { ...budget, settledTokens: 1 };
    for (const listener of listeners) listener({ type: 'changed', budgets: [budget] });
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toBe(1);
    budget = { ...budget, settledTokens: 2 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toBe(2);
  });

  it('does not take the end of a window that has not begun for a change', async () => {
    let told = 0;
    watch.subscribe(() => {
      told += 1;
    });
    for (const resetAtMs of [2, 3]) {
      budget = { ...unused, resetAtMs };
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(told).toBe(0);
    budget = { ...unused, windowStartMs: 5, resetAtMs: 6 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toBe(1);
  });

  it('tells each listener, until it stops', async () => {
    const told: string[] = [];
    const listener = () => void told.push('x');
    const stops = [watch.subscribe(listener), watch.subscribe(listener)];
    await vi.advanceTimersByTimeAsync(0);
    budget = { ...budget, settledTokens: 1 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(2);
    stops[0]?.();
    budget = { ...budget, settledTokens: 2 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(3);
  });
});
