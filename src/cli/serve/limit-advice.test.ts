import { describe, expect, it } from 'vitest';
import { limitAdvice } from './limit-advice.ts';

describe('limitAdvice', () => {
  it('warns, with figures and a proposal, of a limit below one request of Claude Code', () => {
    const text = limitAdvice(10_000).join(' ');
    expect(text).toContain('10,000');
    expect(text).toContain('12,000');
    expect(text).toContain('teelamma budget set 200k');
  });

  it('says so where only the bound is above the limit', () => {
    expect(limitAdvice(20_000).join(' ')).toContain('49,000');
  });

  it('is silent where the limit is large enough', () => {
    expect(limitAdvice(200_000)).toEqual([]);
  });
});
