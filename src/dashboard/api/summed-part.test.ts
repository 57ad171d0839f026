import { describe, expect, it } from 'vitest';
import { summedPart } from './summed-part.ts';

describe('summedPart', () => {
  const query = { by: ['day'], timeZone: 'Europe/Zurich', sinceMs: 1_000 } as const;
  const ledger = (readyFromMs: number | null) => ({ sumUp: async () => readyFromMs });

  it('asks for all where the sums are whole', async () => {
    expect(await summedPart(query, { ledger: ledger(null) })).toEqual({ query, summedSinceMs: null });
  });

  it('asks for what is summed by now, and says since when, where they are not', async () => {
    expect(await summedPart(query, { ledger: ledger(5_000) })).toEqual({
      query: { ...query, sinceMs: 5_000 },
      summedSinceMs: 5_000,
    });
  });
});
