import { describe, expect, it } from 'vitest';
import { parseWeights, weightsText } from './parse-weights.ts';

describe('parseWeights', () => {
  it('gives weight 1 to the kinds that are not named', () => {
    const weights = parseWeights({ cacheRead: 0.1, cacheCreation: 1.25 });
    expect(weights).toEqual({
      input: 1,
      cacheWrite5m: 1.25,
      cacheWrite1h: 1.25,
      cacheRead: 0.1,
      output: 1,
    });
    expect(weights && parseWeights(JSON.parse(weightsText(weights)))).toEqual(weights);
  });

  it.each([
    null,
    5,
    'cacheRead',
    [1],
    { cacheread: 0.1 },
    { input: '1' },
    { output: -1 },
    { output: 101 },
    { output: Number.NaN },
    { cacheRead: 0.0000001 },
    { input: 0, cacheCreation: 0, cacheRead: 0, output: 0 },
  ])('refuses %j', (value) => {
    expect(parseWeights(value)).toBeNull();
  });
});
