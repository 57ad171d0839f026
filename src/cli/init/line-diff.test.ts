import { describe, expect, it } from 'vitest';
import { lineDiff } from './line-diff.ts';

const shown = (before: string, after: string) =>
  lineDiff(before, after).map(({ sign, text }) => `${sign}${text}`);

describe('lineDiff', () => {
  it('shows what changes, with three lines around it', () => {
    expect(shown('1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\n5!\n6\n7\n8\n9\n')).toEqual([
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+5!',
      ' 6',
      ' 7',
      ' 8',
    ]);
  });

  it.each([
    ['', 'a\n', ['+a']],
    ['a\n', '', ['-a']],
    ['a\na\n', 'a\na\na\n', [' a', ' a', '+a']],
    ['a\n', 'a\n', []],
  ])('from %j to %j', (before, after, lines) => {
    expect(shown(before, after)).toEqual(lines);
  });
});
