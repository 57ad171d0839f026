import { expect, it } from 'vitest';
import { findCutOff } from './cut-off.ts';
import { reviewed } from './test-answer.ts';

it.each(['max_tokens', 'model_context_window_exceeded'] as const)(
  'finds the stop reason %s',
  (stopReason) => {
    expect(findCutOff(reviewed('one\ntwo', stopReason))).toMatchObject([{ severity: 'error', line: 2 }]);
  },
);

it('finds a fence that is never closed, with its line and block', () => {
  const issues = findCutOff(reviewed('```\na\n```\n\n```ts\nlet a = {'));
  expect(issues).toMatchObject([{ kind: 'cut-off', severity: 'error', line: 5, block: 2, language: 'ts' }]);
});

it('finds nothing in a whole answer', () => {
  expect(findCutOff(reviewed('```\na\n```\n'))).toEqual([]);
});

it.each([
  'Done:\n\n```js\na()\n```\n\n```',
  '```markdown\n# T\n```sh\nls\n```\nmore\n```\nafter',
  '- ```js\na();\n  ```\nthe end',
])('only warns of the muddled fences in %j', (text) => {
  expect(findCutOff(reviewed(text))).toMatchObject([{ severity: 'warning' }]);
});
