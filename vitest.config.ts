import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const shared = { environment: 'node', testTimeout: 30_000, hookTimeout: 30_000 } as const;

/**
 * unit: beside the source, at most loopback HTTP in one process; contract: one suite per contract, run on every implementation;
 * integration: several parts with real files, HTTP and processes; e2e: the built command as a user runs it.
 */
export default defineConfig({
  test: {
    // On two cores the default is one: tests wait for processes and servers for most of their time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: ['src/**/*.contract.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'contract',
          include: ['src/**/*.contract.test.ts', 'test/contract/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      { test: { ...shared, name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
