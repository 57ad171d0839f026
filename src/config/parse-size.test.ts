import { expect, it } from 'vitest';
import { parseSize } from './parse-size.ts';

it.each([
  ['512MiB', 512 * 1024 ** 2],
  ['2g', 2 * 1024 ** 3],
  ['1.5 GB', 1.5 * 1024 ** 3],
  ['64k', 64 * 1024],
])('reads %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(['', '512', '-1g', '1 x', '2gg', '9999999999t'])('does not take %j for a size', (text) => {
  expect(parseSize(text)).toBeNull();
});
