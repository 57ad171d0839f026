import { describe, expect, it } from 'vitest';
import type { BurnDownDocument, ForecastView } from '../../api/api-types.ts';
import { burnDownColumns } from './burn-down-data.ts';

const hourMs = 3_600_000;
const none = { endsAtMs: null, earliestMs: null, latestMs: null };

function document(forecast: ForecastView): BurnDownDocument {
  return {
    budgetId: 'default',
    limit: 1_000,
    startMs: 0,
    endMs: 10 * hourMs,
    nowMs: 2 * hourMs,
    points: [
      [0, 1_000],
      [2 * hourMs, 800],
    ],
    resolution: 'turn',
    thresholdsPercent: [],
    forecast,
  };
}

describe('burnDownColumns', () => {
  it('goes on at the pace up to the reset where the budget lasts', () => {
    const [times, left, pace] = burnDownColumns(document({ verdict: 'lasts', perHour: 50, ...none }));
    expect(times).toEqual([0, 2 * hourMs, 10 * hourMs]);
    expect(left).toEqual([1_000, 800, null]);
    expect(pace).toEqual([null, 800, 400]);
  });

  it('ends at nothing where the budget does, within its spread', () => {
    const [times, , pace, fast, slow] = burnDownColumns(
      document({
        verdict: 'ends',
        perHour: 200,
        endsAtMs: 6 * hourMs,
        earliestMs: 4 * hourMs,
        latestMs: 10 * hourMs,
      }),
    );
    expect(times).toEqual([0, 2, 4, 6, 10].map((hours) => hours * hourMs));
    expect(pace).toEqual([null, 800, 400, 0, null]);
    expect(fast).toEqual([null, 800, 0, 0, 0]);
    expect(slow).toEqual([null, 800, 600, 400, 0]);
  });

  it('has the past alone where nobody knows the pace', () => {
    const [times, left, pace] = burnDownColumns(
      document({ verdict: 'too-little-known', perHour: null, ...none }),
    );
    expect(times).toEqual([0, 2 * hourMs]);
    expect(left).toEqual([1_000, 800]);
    expect(pace).toEqual([null, null]);
  });
});
