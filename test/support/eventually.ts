import { vi } from 'vitest';

/** Resolves when the check no longer throws; gives up after 20 s, which only a check that never holds takes. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000 });
}
