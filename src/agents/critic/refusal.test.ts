import { expect, it } from 'vitest';
import { findRefusal } from './refusal.ts';
import { reviewed } from './test-answer.ts';

it.each([
  "I'm sorry, but I can't help with that.",
  'I’m sorry, but I can’t assist with that request.',
  'I cannot help with creating malware. If you want, I can explain how to defend against it.',
  "I can't provide that.",
  'I am unable to fulfill this request.',
  "I'm not able to help with this.",
  'As an AI language model, I cannot create content of that kind.',
  'As an AI, I do not have opinions.',
  'Sorry, I cannot assist with that.',
  'Unfortunately, I cannot comply with this.',
  'I apologize, but I cannot provide instructions for that.',
  "I'm not comfortable writing this.",
  'I must respectfully decline.',
  'I won’t write that.',
  '很抱歉，我无法提供帮助。',
  '对不起，我不能协助您完成这个请求。',
  '作为一个人工智能语言模型，我无法回答这个问题。',
])('finds the refusal %j', (text) => {
  expect(findRefusal(reviewed(text))).toMatchObject([{ kind: 'refusal', severity: 'error' }]);
});

it.each([
  "I can't see anything wrong with the loop; it ends after ten rounds.",
  'I cannot reproduce the failure with Node 24.',
  'Sorry for the mix-up earlier: the answer is 42.',
  'You cannot assign to a const.',
  'As an AI engineer you would use a vector store here.',
  "I can't provide this as one function, but two do it:\n\n```js\na();\nb();\n```",
  "I'm sorry to hear that the build is broken. Delete the cache and run it again.",
  '对不起不是 Python 的关键字。',
])('finds no refusal in %j', (text) => {
  expect(findRefusal(reviewed(text))).toEqual([]);
});

it('takes a long answer that begins with a limitation for an answer', () => {
  const text = `I can't give you one number for all machines. ${'Measure it on yours in this way. '.repeat(40)}`;
  expect(findRefusal(reviewed(text))).toEqual([]);
});

it('believes the stop reason', () => {
  expect(findRefusal(reviewed('Well, ', 'refusal'))).toHaveLength(1);
});
