import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { BudgetStatus } from '../state/Ledger.ts';
import { formatBar } from './format-bar.ts';
import { createStyle } from './style.ts';

const options = { width: 12, thresholdsPercent: [75, 90, 100], style: createStyle(false) };

describe('formatBar', () => {
  it('shows settled, held and free tokens in proportion', () => {
    expect(formatBar(budget(4_000, 2_000), options)).toBe('[████▒▒░░░░]');
  });

  it('shows any use, and looks full only when the budget is', () => {
    expect(formatBar(budget(1, 0), options)).toBe('[█░░░░░░░░░]');
    expect(formatBar(budget(9_999, 0), options)).toBe('[█████████░]');
    expect(formatBar(budget(10_000, 0), options)).toBe('[██████████]');
  });

  it('stays in its width when forced calls passed the limit', () => {
    expect(formatBar(budget(25_000, 1_000), options)).toBe('[██████████]');
  });

  it.each([
    [7_400, 32],
    [7_500, 33],
    [10_000, 31],
  ])('paints %i of 10,000 tokens in the colour of the threshold reached', (settled, color) => {
    const bar = formatBar(budget(settled, 0), { ...options, style: createStyle(true) });
    expect(bar).toContain(`\u001b[${color}m█`);
    expect(stripVTControlCharacters(bar)).toHaveLength(12);
  });
});

function budget(settledTokens: number, heldTokens: number): BudgetStatus {
  const limitTokens = 10_000;
  const remainingTokens = Math.max(0, limitTokens - settledTokens - heldTokens);
  return {
    name: 'default',
    limitTokens,
    settledTokens,
    heldTokens,
    remainingTokens,
    overdraftTokens: 0,
    exhausted: remainingTokens === 0,
    windowStartMs: 0,
    resetAtMs: 1,
    windowMs: 1,
  };
}
