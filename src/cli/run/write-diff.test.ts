import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../CliContext.ts';
import { createStyle } from '../style.ts';
import { writeDiff } from './write-diff.ts';

/** A comment that a terminal would show as code (CVE-2021-42574), and two names that look like one. */
const diff =
  'diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,0 +1,1 @@\n+if (is\u200bAdmin) { /*\u202e } \u2066if (x)\u2069\u001b[2J */\n';

it.each([
  [true, '+if (is\\u200bAdmin) { /*\\u202e } \\u2066if (x)\\u2069[2J */\n'],
  [false, `${diff.split('\n').at(-2)}\n`],
])(
  'shows what nobody would see on a terminal (%s), and changes nothing for git apply',
  (isTerminal, last) => {
    let shown = '';
    const stdout = new Writable({
      write: (chunk, _encoding, done) => {
        shown += String(chunk);
        done();
      },
    });
    const context = {
      stdout,
      isTerminal: { stdin: false, stdout: isTerminal, stderr: false },
      style: createStyle(false),
    } as unknown as CliContext;
    writeDiff(context, [{ path: 'a.js', status: 'modified', diff }]);
    expect(shown.endsWith(last)).toBe(true);
  },
);
