import { describe, expect, it } from 'vitest';
import { usefulOutputTokens } from './useful-output-tokens.ts';

const request = { max_tokens: 8_192 };
const recent = [100, 200, 300, 400, 500, 600, 700, 800, 1_900, 9_000];

describe('usefulOutputTokens', () => {
  it('is 512 while fewer than five turns of the kind are known', () => {
    expect(usefulOutputTokens(request, [4_000, 4_000, 4_000, 4_000])).toBe(512);
  });

  it('is what three of four recent turns needed', () => {
    expect(usefulOutputTokens(request, recent)).toBe(800);
    expect(usefulOutputTokens(request, [10, 10, 10, 10, 10])).toBe(512);
  });

  it('comes on top of the thinking that was asked for', () => {
    expect(
      usefulOutputTokens({ ...request, thinking: { type: 'enabled', budget_tokens: 2_000 } }, recent),
    ).toBe(2_800);
  });

  it('never passes what was asked', () => {
    expect(usefulOutputTokens({ max_tokens: 64 }, recent)).toBe(64);
  });
});
