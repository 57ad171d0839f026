import { blocksOf, isRecord, type OpenRecord } from './open-record.ts';
import type { MessageParam, MessagesRequest } from './types.ts';

/** A conversation of which old parts were left out. */
export interface ShortenedConversation {
  readonly request: MessagesRequest;
  readonly thinkingBlocks: number;
  readonly toolResults: number;
  /** Bytes of JSON that were left out, about. */
  readonly removedBytes: number;
}

/**
 * Makes a conversation smaller by about `removeBytes`, for a model whose context it does not fit: first old thinking, then the contents of
 * old tool results, in both cases the oldest first. A result keeps its place with a text that says so, so calls and results stay in
 * pairs, and what the user and the models wrote stays whole. Untouched stay the last message and the results of the last two turns of
 * tools. Null where nothing may be left out any more.
 */
export function shortenConversation(
  request: MessagesRequest,
  removeBytes: number,
): ShortenedConversation | null {
  const messages: MessageParam[] = [...request.messages];
  let removedBytes = 0;
  let thinkingBlocks = 0;
  let toolResults = 0;
  const lastAssistant = messages.findLastIndex(({ role }) => role === 'assistant');
  for (const [index, message] of messages.entries()) {
    if (removedBytes >= removeBytes || index >= lastAssistant) break;
    if (message.role !== 'assistant' || !Array.isArray(message.content)) continue;
    const kept = message.content.filter((block) => !isThinking(block));
    if (kept.length === message.content.length) continue;
    removedBytes += sizeOf(message.content) - sizeOf(kept);
    thinkingBlocks += message.content.length - kept.length;
    messages[index] = { role: 'assistant', content: kept.length > 0 ? kept : '[thinking left out]' };
  }
  for (const index of oldResultMessages(messages)) {
    if (removedBytes >= removeBytes) break;
    const message = messages[index] as MessageParam;
    const content = (message.content as unknown as readonly OpenRecord[]).map((block) => {
      if (removedBytes >= removeBytes || !isLongResult(block)) return block;
      const bytes = sizeOf(block['content']);
      removedBytes += bytes;
      toolResults += 1;
      return { ...block, content: `${leftOut} ${bytes} bytes]` };
    });
    messages[index] = { ...message, content } as unknown as MessageParam;
  }
  if (thinkingBlocks + toolResults === 0) return null;
  return { request: { ...request, messages }, thinkingBlocks, toolResults, removedBytes };
}

/** Size of the conversation's messages as JSON. */
export function conversationBytes(request: MessagesRequest): number {
  return sizeOf(request.messages);
}

const leftOut = '[old result left out:';
/** Turns of tools at the end whose results stay. */
const keptResultMessages = 2;

function oldResultMessages(messages: readonly MessageParam[]): readonly number[] {
  const withResults = messages
    .map((message, index) => ({ message, index }))
    .filter(({ message }) => message.role === 'user' && blocksOf(message.content).some(isResult))
    .map(({ index }) => index);
  return withResults.slice(0, -keptResultMessages).filter((index) => index < messages.length - 1);
}

function isThinking(block: unknown): boolean {
  return isRecord(block) && (block['type'] === 'thinking' || block['type'] === 'redacted_thinking');
}

function isResult(block: OpenRecord): boolean {
  return block['type'] === 'tool_result';
}

function isLongResult(block: OpenRecord): boolean {
  if (!isResult(block)) return false;
  const { content } = block;
  return !(typeof content === 'string' && content.startsWith(leftOut)) && sizeOf(content) > 80;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
