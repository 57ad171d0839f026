import type { OllamaChat } from '../messages/to-ollama.ts';

/** Tokens that a picture takes, at the upper end of what current models use. */
const IMAGE_TOKENS = 2_048;

/** Estimate: text and code take three to four bytes a token in current models; three leaves room for the template. */
export function estimateTokens(chat: OllamaChat): number {
  return Math.ceil(textBytes(chat) / 3) + imageTokens(chat) + 64;
}

/** Fewer tokens than a tokenizer makes of anything but long runs of one character: where these do not fit, nothing does. */
export function fewestTokens(chat: OllamaChat): number {
  return Math.floor(textBytes(chat) / 16);
}

/** More tokens than any tokenizer makes of it: its bytes. */
export function mostTokens(chat: OllamaChat): number {
  return textBytes(chat) + imageTokens(chat) + 1_024;
}

function textBytes(chat: OllamaChat): number {
  let bytes = chat.tools === undefined ? 0 : Buffer.byteLength(JSON.stringify(chat.tools));
  for (const message of chat.messages) {
    bytes += 32 + Buffer.byteLength(message.content) + Buffer.byteLength(message.thinking ?? '');
    if (message.tool_calls !== undefined) bytes += Buffer.byteLength(JSON.stringify(message.tool_calls));
  }
  return bytes;
}

function imageTokens(chat: OllamaChat): number {
  return chat.messages.reduce((sum, message) => sum + (message.images?.length ?? 0) * IMAGE_TOKENS, 0);
}
