import { describe, expect, it } from 'vitest';
import { fuzzBodies, fuzzStreams } from '../torture/gateway/fuzz.ts';
import { loadGateway } from '../torture/gateway/load.ts';

/** The short form of `npm run torture:gateway`, which makes 10,000 of each and a compressed hour. */
describe('the gateway under fire', () => {
  it('survives mutated requests, and the ledger has what Claude billed', async () => {
    const { statuses } = await fuzzBodies(800, 7);
    expect(Object.keys(statuses)).toContain('200');
    expect(Object.keys(statuses)).toContain('400');
  });

  it('survives mutated streams, and no hold is left open', async () => {
    const { chargedTokens } = await fuzzStreams(800, 7);
    expect(chargedTokens).toBeGreaterThan(0);
  });

  it('keeps the cap with 256 streams at a time while the upstream fails and the budget ends', async () => {
    const report = await loadGateway({
      streams: 256,
      requests: 1_500,
      faults: 0.05,
      limit: 400_000,
      seed: 7,
    });
    expect(report.claude).toBeGreaterThan(100);
    expect(report.ollama).toBeGreaterThan(100);
    expect(report.none).toBe(0);
    expect(report.whole).toBeGreaterThan(report.requests * 0.95);
  });
});
