import { describe, expect, it } from 'vitest';
import { killRun } from '../../src/verify/kill-run.ts';
import { race } from '../../src/verify/race.ts';
import { sqliteRun } from '../torture/million/sqlite-run.ts';

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

  it('keeps its promises over many turns with kills, judged at every commit and by the journals: the short form', async () => {
    const report = await sqliteRun({
      processes: 4,
      turns: 400,
      seed,
      killEveryMs: 300,
      onProgress: () => undefined,
    });
    expect(report.problems).toEqual([]);
    expect(report.turns).toBeGreaterThanOrEqual(400);
    expect(report.processesKilled).toBeGreaterThan(0);
    expect(report.journal.acknowledgedSettles).toBeGreaterThan(0);
    expect(report.stored.heldTokens).toBe(0);
  });
});
