import { expect, it } from 'vitest';
import { Critic } from './Critic.ts';
import { message, withBlock } from './critic/test-answer.ts';

const critic = new Critic();

it('approves a good answer', async () => {
  const verdict = await critic.review({
    task: 'Add.',
    message: message(withBlock('ts', 'export const add = (a: number, b: number) => a + b;')),
  });
  expect(verdict).toEqual({ outcome: 'approved', issues: [] });
});

it.each([
  ['', 'no-answer'],
  ["I'm sorry, but I can't help with that.", 'refusal'],
])('rejects %j', async (text, kind) => {
  const verdict = await critic.review({ task: 'x', message: message(text) });
  expect(verdict).toMatchObject({ outcome: 'rejected', issues: [{ kind }] });
});

it('wants code that does not parse to be repaired', async () => {
  const verdict = await critic.review({ task: 'x', message: message(withBlock('json', '{"a": }')) });
  expect(verdict).toMatchObject({ outcome: 'needs-repair', issues: [{ kind: 'syntax-error' }] });
});

it('wants an answer that was cut off to be repaired, and does not also blame the open block', async () => {
  const verdict = await critic.review({ task: 'x', message: message('```js\nfunction f( {', 'max_tokens') });
  expect(verdict.outcome).toBe('needs-repair');
  expect(verdict.issues.map((issue) => issue.kind)).toEqual(['cut-off', 'cut-off']);
});

it('approves with warnings alone', async () => {
  const verdict = await critic.review({ task: 'x', message: message(withBlock('js', 'go();\n// ...')) });
  expect(verdict).toMatchObject({
    outcome: 'approved',
    issues: [{ kind: 'elided-code', severity: 'warning' }],
  });
});

it('does not repeat a secret in the excerpt of a line that does not parse', async () => {
  const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');
  const { issues } = await critic.review({ task: 'x', message: message(withBlock('js', `f("${token}";`)) });
  expect(issues.map((issue) => issue.kind)).toEqual(['secret', 'syntax-error']);
  expect(JSON.stringify(issues)).not.toContain('wWPw5k4a');
});

it('judges the same answer the same way at the same time', async () => {
  const answers = Array.from({ length: 20 }, (_, index) =>
    message(withBlock(index % 2 === 0 ? 'go' : 'rust', '{ ( }')),
  );
  const verdicts = await Promise.all(answers.map((answer) => critic.review({ task: 'x', message: answer })));
  expect(new Set(verdicts.map((verdict) => verdict.outcome))).toEqual(new Set(['needs-repair']));
});

it('stops when it is aborted', async () => {
  const reason = new Error('enough');
  await expect(critic.review({ task: 'x', message: message('a') }, AbortSignal.abort(reason))).rejects.toBe(
    reason,
  );
});
