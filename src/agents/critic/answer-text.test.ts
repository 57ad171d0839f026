import { expect, it } from 'vitest';
import type { Message } from '../../messages/types.ts';
import { answerText } from './answer-text.ts';
import { message } from './test-answer.ts';

function of(...content: readonly unknown[]): Message {
  return { ...message(''), content } as Message;
}

it('joins what belongs together and separates what a tool call separates', () => {
  const text = (words: string) => ({ type: 'text', text: words });
  expect(answerText(of(text('a '), text('b'), { type: 'tool_use' }, text('c')))).toBe('a b\n\nc');
});

it('blanks a leading thought and keeps its line breaks', () => {
  expect(answerText(message('<think>one\ntwo</think>\nanswer'))).toBe('\n\nanswer');
  expect(answerText(message('Use the <think>tag</think>.'))).toBe('Use the <think>tag</think>.');
});
