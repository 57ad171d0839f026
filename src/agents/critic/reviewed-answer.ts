import type { Message } from '../../messages/types.ts';
import { answerText } from './answer-text.ts';
import { type CodeBlock, extractCodeBlocks } from './code-blocks.ts';

/** An answer as the checks see it: read once, then shared by all of them. */
export interface ReviewedAnswer {
  readonly task: string;
  readonly stopReason: Message['stop_reason'];
  /** Whether the message asks for tools, and so is not the end of its task. */
  readonly asksForTools: boolean;
  /** See `answerText`; the line numbers of issues count in it. */
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
}

/** Reads a message for the checks. */
export function readAnswer(task: string, message: Message): ReviewedAnswer {
  const text = answerText(message);
  return {
    task,
    stopReason: message.stop_reason,
    asksForTools: message.content.some((block) => block.type === 'tool_use'),
    text,
    blocks: extractCodeBlocks(text),
  };
}
