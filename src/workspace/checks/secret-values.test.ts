import { expect, it } from 'vitest';
import { secretValues, withoutValues } from './secret-values.ts';

it.each([
  [
    '# what this is for development\nAPI_KEY="abc def ghi"\nexport DB_PASSWORD=hunter2hunter2\n',
    ['abc def ghi', 'hunter2hunter2'],
  ],
  ['DB_HOST=localhost\nROOT=/home/me/shop\nNODE_ENV=development\nTOKEN=short\n', []],
  ['//registry.example/:_authToken=0123456789abcdef\n', ['0123456789abcdef']],
  ['db.example:5432:shop:me:correct-horse\n', ['db.example:5432:shop:me:correct-horse', 'correct-horse']],
  [
    'machine example login me password correct-horse\r\n',
    ['machine example login me password correct-horse', 'correct-horse'],
  ],
])('finds the keys in %j', (text, values) => {
  expect(secretValues(Buffer.from(text))).toEqual(values);
});

it('masks the longer of two values that overlap as a whole', () => {
  expect(withoutValues('a correct-horse-battery b', ['correct-horse', 'correct-horse-battery'])).toBe(
    'a [masked] b',
  );
});
