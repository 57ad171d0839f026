import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';
import { formatTable, type TableColumn } from './format-table.ts';

const columns: readonly TableColumn[] = [
  { title: 'NAME' },
  { title: 'MEANING', flexible: true },
  { title: 'COUNT', align: 'right' },
];

describe('formatTable', () => {
  it('aligns columns, numbers at the right, wide characters and colours by what is seen', () => {
    const rows = [
      ['日本', '\u001b[31mred\u001b[39m', '1,000'],
      ['abc', 'plain', '7'],
    ];
    expect(formatTable(columns, rows, { width: Number.POSITIVE_INFINITY }).split('\n')).toEqual([
      'NAME  MEANING  COUNT',
      '日本  \u001b[31mred\u001b[39m      1,000',
      'abc   plain        7',
    ]);
  });

  it('cuts the flexible column to the width of the terminal', () => {
    const rows = [['abc', 'a meaning that takes far more room than there is', '7']];
    const lines = formatTable(columns, rows, { width: 40 }).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBe(40);
    expect(lines[1]).toContain('…');
    expect(lines[1]).toMatch(/7$/);
  });

  it('writes one block a row where the terminal is too narrow for a table', () => {
    const rows = [
      ['abc', 'a meaning that takes room', '7'],
      ['def', 'another', '8'],
    ];
    expect(formatTable(columns, rows, { width: 22 })).toBe(
      'NAME     abc\nMEANING  a meaning\n         that takes\n         room\nCOUNT    7\n\nNAME     def\nMEANING  another\nCOUNT    8',
    );
  });
});
