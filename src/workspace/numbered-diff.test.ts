import { expect, it } from 'vitest';
import { numberedDiff } from './numbered-diff.ts';
import { unifiedDiff } from './unified-diff.ts';

const image = (text: string) => ({ content: Buffer.from(text), mode: 0o644 });
const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);

it('numbers each line as the file will have it, and none that is taken away', () => {
  const after = lines.toSpliced(2, 1, 'third', 'and a half').toSpliced(25, 0, 'late');
  const shown = numberedDiff(
    unifiedDiff({
      path: 'a.txt',
      status: 'modified',
      before: image(`${lines.join('\n')}\n`),
      after: image(`${after.join('\n')}\n`),
    }),
  );
  expect(shown.split('\n').slice(0, 5)).toEqual([
    '     1   line 1',
    '     2   line 2',
    '       - line 3',
    '     3 + third',
    '     4 + and a half',
  ]);
  for (const text of shown.split('\n').filter((each) => /^ *\d/.test(each))) {
    const [, number, line] = /^ *(\d+) [ +] (.*)$/.exec(text) ?? [];
    expect(after[Number(number) - 1]).toBe(line);
  }
  expect(shown).toContain('    26 + late');
});

it('shows a new file as a whole, and nothing of a last line without an end', () => {
  const diff = unifiedDiff({ path: 'a.txt', status: 'added', after: image('one\n\ntwo') });
  expect(numberedDiff(diff)).toBe('     1 + one\n     2 + \n     3 + two');
});
