import { describe } from 'vitest';
import { findBrowser } from './find-browser.ts';

/**
 * A suite that needs a browser. Where this machine has none it is left out, and the suite's name says why; with
 * `TEELAMMA_TEST_BROWSER=required`, which CI sets, it fails instead.
 */
export function describeInBrowser(name: string, suite: (executablePath: string) => void): void {
  const found = findBrowser();
  if (found !== undefined) {
    describe(name, () => suite(found));
    return;
  }
  const why = 'there is no Chromium; `apt-get install chromium`, or name one in TEELAMMA_TEST_CHROMIUM';
  if (process.env['TEELAMMA_TEST_BROWSER'] === 'required')
    throw new Error(`The tests need a browser: ${why}`);
  describe.skip(`${name} (NOT TESTED HERE: ${why})`, () => {});
}
