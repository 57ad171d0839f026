import { describe, expect, it } from 'vitest';
import { estimateTask } from './estimate-task.ts';

const used = (...tokens: number[]) => tokens.map((chargedTokens) => ({ chargedTokens, turns: 1 }));

describe('estimateTask', () => {
  it('keeps to the first estimate until five tasks of the kind are settled', () => {
    expect(estimateTask(used(9_000, 9_000, 9_000, 9_000), 1_000)).toBe(1_000);
  });

  it('then takes what nine of ten of them needed', () => {
    expect(estimateTask(used(10, 20, 30, 40, 50, 60, 70, 80, 90, 10_000), 1_000)).toBe(90);
    expect(estimateTask(used(500, 100, 200, 300, 400), 1_000)).toBe(500);
  });
});
