import type { Frame } from '../deliver.ts';
import { blockText } from '../limit-answer.ts';
import type { AnswerBlock } from '../scripted-answer.ts';
import { splitText } from '../split-text.ts';
import { apiUsage, messageHead } from './claude-body.ts';
import type { ClaudeMessage } from './claude-message.ts';
import { thinkingSignature } from './thinking-signature.ts';

/**
 * The server-sent events of an answer, in the order of the real API
 * (https://docs.anthropic.com/en/api/messages-streaming): `message_start`, the blocks, `message_delta` with cumulative usage,
 * `message_stop`; one `ping` after the first block's start.
 * @param pieceCharacters How much text one delta carries, about
 */
export function claudeEvents(message: ClaudeMessage, pieceCharacters: number): Frame[] {
  const frames: Frame[] = [];
  const total = message.usage.outputTokens;
  let generated = Math.min(1, total);
  const push = (event: Record<string, unknown> & { type: string }) =>
    frames.push({ data: sse(event), outputTokens: Math.min(generated, total) });

  push({
    type: 'message_start',
    message: {
      ...messageHead(message),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: apiUsage({ ...message.usage, outputTokens: generated }),
    },
  });
  let before = 0;
  for (const [index, block] of message.blocks.entries()) {
    push({ type: 'content_block_start', index, content_block: startOf(block) });
    if (index === 0) push({ type: 'ping' });
    const text = block.type === 'thinking' && message.hidesThinking ? '' : blockText(block);
    const pieces = splitText(text, pieceCharacters);
    const blockTokens = message.blockTokens[index] ?? 0;
    for (const [at, piece] of pieces.entries()) {
      generated = Math.max(generated, before + Math.ceil((blockTokens * (at + 1)) / pieces.length));
      push({ type: 'content_block_delta', index, delta: deltaOf(block, piece) });
    }
    before += blockTokens;
    generated = Math.max(generated, before);
    if (block.type === 'thinking') {
      push({
        type: 'content_block_delta',
        index,
        delta: { type: 'signature_delta', signature: thinkingSignature(text) },
      });
    }
    push({ type: 'content_block_stop', index });
  }
  generated = total;
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = apiUsage(
    message.usage,
  );
  push({
    type: 'message_delta',
    delta: {
      stop_reason: message.stopReason,
      stop_sequence: message.stopSequence,
      stop_details: null,
      container: null,
    },
    usage: {
      input_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      output_tokens,
      output_tokens_details: null,
      server_tool_use: null,
    },
  });
  push({ type: 'message_stop' });
  return frames;
}

/** One event of an SSE stream. */
export function sse(event: Readonly<Record<string, unknown>> & { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function startOf(block: AnswerBlock) {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '', citations: null };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return { type: 'tool_use', id: block.id, name: block.name, input: {} };
  }
}

function deltaOf(block: AnswerBlock, piece: string) {
  switch (block.type) {
    case 'text':
      return { type: 'text_delta', text: piece };
    case 'thinking':
      return { type: 'thinking_delta', thinking: piece };
    case 'tool_use':
      return { type: 'input_json_delta', partial_json: piece };
  }
}
