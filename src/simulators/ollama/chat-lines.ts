import type { Frame } from '../deliver.ts';
import type { AnswerBlock } from '../scripted-answer.ts';
import { splitText } from '../split-text.ts';
import type { ChatAnswer } from './chat-answer.ts';

/** Nanoseconds that one simulated token takes. */
const nsPerToken = 10_000_000;

/** The lines of a streamed answer; the last one has `done: true` and the counts. */
export function chatLines(answer: ChatAnswer, pieceCharacters: number): Frame[] {
  const frames: Frame[] = [];
  const total = answer.usage.outputTokens;
  let before = 0;
  for (const [index, block] of answer.blocks.entries()) {
    const tokens = answer.blockTokens[index] ?? 0;
    const messages = messagesOf(block, pieceCharacters);
    for (const [at, message] of messages.entries()) {
      const generated = before + Math.ceil((tokens * (at + 1)) / messages.length);
      frames.push({
        data: line({ ...head(answer), message: { role: 'assistant', ...message }, done: false }),
        outputTokens: Math.min(generated, total),
      });
    }
    before += tokens;
  }
  frames.push({
    data: line({ ...head(answer), message: { role: 'assistant', content: '' }, ...tail(answer) }),
    outputTokens: total,
  });
  return frames;
}

/** The body of an answer that is not streamed. */
export function chatBodyText(answer: ChatAnswer): string {
  const text = (type: 'text' | 'thinking') =>
    answer.blocks.map((block) => (block.type === type ? textOf(block) : '')).join('');
  const calls = answer.blocks.filter((block) => block.type === 'tool_use');
  const message = {
    role: 'assistant',
    content: text('text'),
    ...(text('thinking') === '' ? {} : { thinking: text('thinking') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(toolCall) }),
  };
  return JSON.stringify({ ...head(answer), message, ...tail(answer) });
}

/** One line of NDJSON. */
export function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function head({ model, createdAt }: ChatAnswer) {
  return { model, created_at: createdAt };
}

function tail({ doneReason, usage, hidesUsage, loadNs }: ChatAnswer) {
  const promptNs = usage.inputTokens * (nsPerToken / 10);
  const evalNs = usage.outputTokens * nsPerToken;
  return {
    done: true,
    done_reason: doneReason,
    total_duration: loadNs + promptNs + evalNs,
    load_duration: loadNs,
    ...(hidesUsage
      ? {}
      : {
          prompt_eval_count: usage.inputTokens,
          prompt_eval_duration: promptNs,
          eval_count: usage.outputTokens,
          eval_duration: evalNs,
        }),
  };
}

function messagesOf(block: AnswerBlock, pieceCharacters: number): Record<string, unknown>[] {
  switch (block.type) {
    case 'text':
      return splitText(block.text, pieceCharacters).map((content) => ({ content }));
    case 'thinking':
      return splitText(block.thinking, pieceCharacters).map((thinking) => ({ content: '', thinking }));
    case 'tool_use':
      return [{ content: '', tool_calls: [toolCall(block, 0)] }];
  }
}

function toolCall(block: AnswerBlock, index: number) {
  if (block.type !== 'tool_use') return {};
  return { id: block.id, function: { index, name: block.name, arguments: block.input } };
}

function textOf(block: AnswerBlock): string {
  if (block.type === 'text') return block.text;
  return block.type === 'thinking' ? block.thinking : '';
}
