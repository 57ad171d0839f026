import { describe } from 'vitest';
import { findSandbox, type SandboxSearch } from '../../src/workspace/sandbox/find-sandbox.ts';

type Found = SandboxSearch & { readonly found: true };

const search = await findSandbox({
  sandbox: 'auto',
  path: process.env['PATH'] ?? '',
  home: process.env['HOME'] ?? '',
});

/**
 * A suite that runs code in the sandbox. Where this machine has none it is left out, and the suite's name says why; with
 * `TEELAMMA_TEST_SANDBOX=required`, which CI sets, it fails instead.
 */
export function describeInSandbox(name: string, suite: (found: Found) => void): void {
  if (search.found) {
    const { found } = { found: search };
    describe(name, () => suite(found));
    return;
  }
  const why = `${search.why}; ${search.howToGetOne}`;
  if (process.env['TEELAMMA_TEST_SANDBOX'] === 'required')
    throw new Error(`The tests need a sandbox: ${why}`);
  describe.skip(`${name} (NOT TESTED HERE: ${why})`, () => {});
}
