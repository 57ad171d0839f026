import { describe, expect, it } from 'vitest';
import { chooseMaxTokens } from './choose-max-tokens.ts';

const choice = { asked: 128_000, useful: 512, recent: [], remaining: 0 };
const short = [100, 200, 100, 300, 150, 90];

describe('chooseMaxTokens', () => {
  it('lowers nothing while there is room for eight such requests', () => {
    expect(chooseMaxTokens({ ...choice, recent: short, remaining: 8 * 128_000 })).toBe(128_000);
  });

  it('then gives what recent answers needed, but never less than a file in one call takes', () => {
    expect(chooseMaxTokens({ ...choice, recent: short, remaining: 900_000 })).toBe(8_192);
    expect(chooseMaxTokens({ ...choice, recent: [...short, 10_000], remaining: 900_000 })).toBe(20_000);
  });

  it('leaves others half of what remains', () => {
    expect(chooseMaxTokens({ ...choice, recent: short, remaining: 10_000 })).toBe(5_000);
    expect(chooseMaxTokens({ ...choice, remaining: 100_000 })).toBe(50_000);
  });
});
