import { expect, it } from 'vitest';
import { killApply } from '../torture/apply/kill-apply.ts';

// A sample: `npm run torture:apply` dies at every point.
it.each(['apply', 'undo'] as const)(
  'a kill -9 during %s leaves the folder as it was or wholly changed',
  { timeout: 60_000 },
  async (what) => {
    const report = await killApply(what, 6);
    expect(report.failures).toEqual([]);
    expect(report.asBefore).toBeGreaterThan(0);
    expect(report.asAfter).toBeGreaterThan(0);
  },
);
