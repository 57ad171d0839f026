import { describe, expect, it } from 'vitest';
import { contextSizeFor, contextSteps } from './context-size.ts';

describe('contextSizeFor', () => {
  it('takes the smallest step that holds the tokens', () => {
    expect(contextSizeFor(1, 131_072)).toBe(4_096);
    expect(contextSizeFor(4_096, 131_072)).toBe(4_096);
    expect(contextSizeFor(4_097, 131_072)).toBe(8_192);
  });

  it('never passes the limit, even between steps', () => {
    expect(contextSizeFor(30_000, 20_000)).toBe(20_000);
    expect(contextSizeFor(9_999_999, 1_000_000)).toBe(1_000_000);
  });

  it('has few steps, so that the model is seldom loaded anew', () => {
    expect(contextSteps.length).toBeLessThan(10);
  });
});
