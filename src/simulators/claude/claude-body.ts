import type { TokenUsage } from '../../messages/token-usage.ts';
import type { AnswerBlock } from '../scripted-answer.ts';
import type { ClaudeMessage } from './claude-message.ts';
import { thinkingSignature } from './thinking-signature.ts';

/** The body of an answer that is not streamed. */
export function claudeBody(message: ClaudeMessage): string {
  return JSON.stringify({
    ...messageHead(message),
    content: message.blocks.map((block) => contentBlock(block, message.hidesThinking)),
    stop_reason: message.stopReason,
    stop_sequence: message.stopSequence,
    usage: apiUsage(message.usage),
  });
}

/** What a message begins with, in a body as in `message_start`. */
export function messageHead({ id, model }: ClaudeMessage) {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    container: null,
    diagnostics: null,
    stop_details: null,
  };
}

/** The API's `usage` object. */
export function apiUsage(usage: TokenUsage) {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheCreationInputTokens,
    cache_read_input_tokens: usage.cacheReadInputTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheCreationInputTokens,
      ephemeral_1h_input_tokens: 0,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}

function contentBlock(block: AnswerBlock, hidesThinking: boolean) {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, citations: null };
    case 'thinking': {
      const thinking = hidesThinking ? '' : block.thinking;
      return { type: 'thinking', thinking, signature: thinkingSignature(thinking) };
    }
    case 'tool_use':
      return {
        type: 'tool_use',
        id: block.id,
        name: block.name,
        input: parsedInput(block.input, block.inputText),
      };
  }
}

/** A broken input is sent as the text it is; clients must cope. */
function parsedInput(input: unknown, inputText: string | undefined): unknown {
  if (inputText === undefined) return input;
  try {
    return JSON.parse(inputText);
  } catch {
    return inputText;
  }
}
