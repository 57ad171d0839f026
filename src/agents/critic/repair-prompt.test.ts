import { expect, it } from 'vitest';
import type { Issue } from '../verdict.ts';
import { repairPrompt } from './repair-prompt.ts';

const syntaxError: Issue = {
  kind: 'syntax-error',
  severity: 'error',
  message: 'Code block 2 (py) does not parse: syntax error at line 14, near "def f(:".',
  line: 14,
  block: 2,
};

it('quotes the task, lists the errors and asks for the whole answer', () => {
  const prompt = repairPrompt('Write f.\nMore.', 'text', [syntaxError]);
  expect(prompt).toContain('"Write f."');
  expect(prompt).toContain(`1. ${syntaxError.message}`);
  expect(prompt).toContain('so that it parses');
  expect(prompt).toContain('full corrected answer');
});

it('shows where an answer was cut off', () => {
  const cutOff: Issue = { kind: 'cut-off', severity: 'error', message: 'The answer was cut off.' };
  expect(repairPrompt('x', 'one\nlast words\n', [cutOff])).toContain('ended with "last words"');
});

it('leaves out warnings of kinds in which nothing is wrong', () => {
  const warning: Issue = { kind: 'not-checked', severity: 'warning', message: 'Not checked.' };
  expect(repairPrompt('x', 'y', [warning, syntaxError])).not.toContain('Not checked.');
});

it('lists at most twenty issues and counts the rest', () => {
  const prompt = repairPrompt('x', 'y', Array(25).fill(syntaxError));
  expect(prompt).toContain('20. ');
  expect(prompt).not.toContain('21. ');
  expect(prompt).toContain('5 more of the same kinds.');
});
