import { describe, expect, it } from 'vitest';
import { displayWidth, truncate } from './display-width.ts';
import { wrapText } from './wrap-text.ts';

describe('wrapText', () => {
  it('breaks at spaces, indents what follows, and keeps words that are too long whole', () => {
    expect(wrapText('one two three /a/very/long/path end', 12, '  ')).toBe(
      'one two\n  three\n  /a/very/long/path\n  end',
    );
  });

  it('does not count colours', () => {
    expect(wrapText('\u001b[31mone\u001b[39m two', 8)).toBe('\u001b[31mone\u001b[39m two');
  });
});

describe('truncate', () => {
  it('cuts by what is seen and ends a colour that it cut', () => {
    expect(truncate('\u001b[31mabcdef\u001b[39m', 4)).toBe('\u001b[31mabc\u001b[0m…');
    expect(truncate('日本語', 5)).toBe('日本…');
    expect(truncate('abcd', 4)).toBe('abcd');
  });
});

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['e\u0301', 1],
    ['日本', 4],
    ['👍', 2],
    ['█▒░', 3],
  ])('sees %s as %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});
