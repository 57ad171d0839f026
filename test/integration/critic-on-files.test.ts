import { expect, it } from 'vitest';
import { findSources, measureCritic } from '../../bench/critic/measure.ts';

/** The short form of `bench/critic-files.ts`, which has the figures: other files, other places, the same defects. */
it('raises no alarm on untouched files of node_modules, and finds the defects put into them', async () => {
  const sources = findSources('node_modules', 120, 7);
  expect(sources).toHaveLength(120);
  const { untouched, byKind } = await measureCritic('node_modules', sources, 25, 7);
  expect(untouched.alarms).toEqual([]);
  for (const kind of ['syntax', 'truncation', 'elision', 'leaked-secret', 'escaping-path'] as const) {
    expect({ kind, missed: byKind[kind].missed }).toEqual({ kind, missed: [] });
    expect(byKind[kind].seeded).toBe(25);
  }
  // A module may export whatever it likes, and then nothing is certain; docs/checks.md has the share.
  for (const kind of ['wrong-import', 'missing-export'] as const) {
    expect(byKind[kind].seeded).toBeGreaterThan(5);
    expect(byKind[kind].found / byKind[kind].seeded).toBeGreaterThanOrEqual(0.9);
  }
});
