import { describe, expect, it } from 'vitest';
import { killRun } from '../torture/kill-run.ts';
import { race } from '../torture/race.ts';

const seed = Date.now() % 1_000_000_000;

describe(`ledger shared by processes (seed ${seed})`, () => {
  it('never passes the limit with 8 processes reserving at once', async () => {
    const report = await race(8, 150, seed);
    expect(report.problems).toEqual([]);
    expect(report.granted + report.refused).toBe(1_200);
    expect(report.refused).toBeGreaterThan(0);
    expect(report.mostUsedTokens).toBeLessThanOrEqual(report.limitTokens);
  });

  it('loses no settled token and frees no sent one when processes are killed at random points', async () => {
    let settles = 0;
    for (let run = 0; run < 12; run += 1) {
      const report = await killRun(seed + run * 1_000);
      expect(report.problems).toEqual([]);
      settles += report.acknowledgedSettles;
    }
    expect(settles).toBeGreaterThan(0);
  });
});
