import type { Message } from '../../messages/types.ts';
import { type ReviewedAnswer, readAnswer } from './reviewed-answer.ts';

/** A message with one text block, for the tests of the checks. */
export function message(text: string, stopReason: Message['stop_reason'] = 'end_turn'): Message {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'test',
    content: text === '' ? [] : [{ type: 'text', text, citations: null }],
    stop_reason: stopReason,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  } as unknown as Message;
}

/** The same, read for the checks. */
export function reviewed(
  text: string,
  stopReason?: Message['stop_reason'],
  task = 'Write it.',
): ReviewedAnswer {
  return readAnswer(task, message(text, stopReason));
}

/** A labelled code block in an answer; the code begins at line 4. */
export function withBlock(language: string, code: string): string {
  return `Here it is:\n\n~~~~~~${language}\n${code}\n~~~~~~\n`;
}
