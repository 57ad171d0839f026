import { expect, it } from 'vitest';
import { findNoAnswer } from './no-answer.ts';
import { reviewed } from './test-answer.ts';

it.each(['', ' \n\t', '```js\n```', '<think>hm</think>\n', '<think>never ends'])(
  'finds no answer in %j',
  (text) => {
    expect(findNoAnswer(reviewed(text))).toMatchObject([{ kind: 'no-answer', severity: 'error' }]);
  },
);

it.each(['4', '```\n4\n```', '<think>hm</think>4'])('finds an answer in %j', (text) => {
  expect(findNoAnswer(reviewed(text))).toEqual([]);
});

it('says that the limit was reached before anything was said', () => {
  expect(findNoAnswer(reviewed('', 'max_tokens'))[0]?.message).toContain('max_tokens');
});
