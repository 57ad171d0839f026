import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseOutputTokens } from './choose-output-tokens.ts';

const choice = { asked: 128_000, useful: 512, recent: [] as number[], remaining: 1_000_000 };

describe('chooseOutputTokens', () => {
  it('asks for no more than half of what remains while it knows nothing', () => {
    expect(chooseOutputTokens({ ...choice, remaining: 20_000 })).toBe(10_000);
  });

  it('takes twice the 95th percentile of five or more recent outputs', () => {
    expect(chooseOutputTokens({ ...choice, recent: [3_000, 100, 200, 300, 400] })).toBe(6_000);
    expect(chooseOutputTokens({ ...choice, recent: [3_000, 100, 200, 300] })).toBe(128_000);
  });

  it('gives 2,048 even where recent outputs were short or little remains', () => {
    expect(chooseOutputTokens({ ...choice, recent: [1, 1, 1, 1, 1] })).toBe(2_048);
    expect(chooseOutputTokens({ ...choice, remaining: 3_000 })).toBe(2_048);
  });

  it('stays between what is useful and what was asked, whatever it knows', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.array(fc.nat(100_000)),
        fc.nat(1_000_000),
        (asked, recent, remaining) => {
          const useful = Math.min(asked, 512);
          const chosen = chooseOutputTokens({ asked, useful, recent, remaining });
          expect(chosen).toBeGreaterThanOrEqual(useful);
          expect(chosen).toBeLessThanOrEqual(asked);
        },
      ),
    );
  });
});
