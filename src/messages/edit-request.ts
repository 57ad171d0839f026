import { type ByteEdit, editBytes, jsonElements, jsonMembers } from './json-spans.ts';
import { isRecord, recordsOf, textOf } from './open-record.ts';
import type { MessagesRequest } from './types.ts';

/**
 * The same request bytes with another `max_tokens`; nothing else is touched, so what a provider caches by its bytes stays the same. For a
 * body that `JSON.parse` accepts as an object.
 */
export function withMaxTokens(body: Buffer, maxTokens: number): Buffer {
  const edits = jsonMembers(body)
    .filter(({ key }) => key === 'max_tokens')
    .map(({ start, end }) => ({ start, end, replacement: String(maxTokens) }));
  return editBytes(body, edits);
}

/**
 * Whether a block is thinking that Claude did not sign: a local model's, or Claude's own whose stream was cut before its signature
 * came. Claude refuses a conversation that holds one.
 */
function isForeignThinking(block: unknown): boolean {
  return isRecord(block) && block['type'] === 'thinking' && textOf(block['signature']) === '';
}

/** The request's own bytes, but for thinking that Claude would refuse: see `withoutForeignThinking`. */
export function asClaudeTakesIt(body: Buffer, request: Pick<MessagesRequest, 'messages'>): Buffer {
  return hasForeignThinking(request) ? withoutForeignThinking(body, request) : body;
}

/** Whether a conversation holds thinking that Claude would refuse. */
function hasForeignThinking({ messages }: Pick<MessagesRequest, 'messages'>): boolean {
  return messages.some(
    ({ role, content }) => role === 'assistant' && Array.isArray(content) && content.some(isForeignThinking),
  );
}

/**
 * The same request bytes without the thinking that Claude did not sign; every other byte of it stays. A message that held nothing else
 * keeps its place with a text, because Claude refuses an empty one.
 */
export function withoutForeignThinking(body: Buffer, request: Pick<MessagesRequest, 'messages'>): Buffer {
  const messages = jsonMembers(body).findLast(({ key }) => key === 'messages');
  if (messages === undefined) return body;
  const edits: ByteEdit[] = [];
  for (const [index, span] of jsonElements(body, messages.start).entries()) {
    const message = request.messages[index];
    if (message?.role !== 'assistant' || !Array.isArray(message.content)) continue;
    const blocks = recordsOf(message.content);
    if (!blocks.some(isForeignThinking)) continue;
    const content = jsonMembers(body, span.start).findLast(({ key }) => key === 'content');
    if (content === undefined) continue;
    const kept = jsonElements(body, content.start)
      .filter((_, at) => !isForeignThinking(message.content[at]))
      .map(({ start, end }) => body.toString('utf8', start, end));
    const replacement = `[${kept.length > 0 ? kept.join(',') : placeholder}]`;
    edits.push({ start: content.start, end: content.end, replacement });
  }
  return editBytes(body, edits);
}

const placeholder = '{"type":"text","text":"[thinking of another model]"}';
