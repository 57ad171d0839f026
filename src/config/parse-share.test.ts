import { expect, it } from 'vitest';
import { parseShare } from './parse-share.ts';

it.each([
  [0, 0],
  [0.05, 0.05],
  [1, 1],
  ['5%', 0.05],
  ['12.5 %', 0.125],
  ['100%', 1],
  ['0.05', 0.05],
  ['0', 0],
])('takes %j', (given, share) => {
  expect(parseShare(given)).toBe(share);
});

it.each([-0.1, 1.1, '101%', '20', '-5%', '5 percent', '', Number.NaN, true, null])('refuses %j', (given) => {
  expect(parseShare(given)).toBeNull();
});
