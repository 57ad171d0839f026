import { invalidRequest } from './ClaudeApiError.ts';
import type { CountTokensBody, RequestBlock, RequestMessage } from './claude-request.ts';
import { thinkingSignature } from './thinking-signature.ts';

/**
 * Checks what the schema cannot: that the messages, tool calls, tool results and thinking blocks belong together, with the wording
 * of the real API's errors.
 * @throws ClaudeApiError 400
 */
export function checkConversation(body: CountTokensBody): void {
  checkTools(body);
  const { messages } = body;
  if (messages.find((message) => message.role !== 'system')?.role === 'assistant') {
    throw invalidRequest('messages: first message must use the "user" role');
  }
  const usedIds = new Set<string>();
  // Ids that the previous assistant message called and that no result has answered.
  let openIds: string[] = [];
  let openAt = 0;
  for (const [index, message] of messages.entries()) {
    checkContent(message, index, index === messages.length - 1);
    if (message.role === 'system') continue;
    const blocks = typeof message.content === 'string' ? [] : message.content;
    if (message.role === 'user') {
      openIds = checkResults(blocks, index, openIds);
      if (openIds.length > 0) throw missingResults(openAt, openIds);
      continue;
    }
    if (openIds.length > 0) throw missingResults(openAt, openIds);
    for (const [at, block] of blocks.entries()) {
      const path = `messages.${index}.content.${at}`;
      if (block.type === 'thinking') checkThinking(block, path);
      if (block.type === 'tool_use') openIds.push(checkCall(block, path, usedIds));
    }
    openAt = index;
  }
  if (openIds.length > 0) throw missingResults(openAt, openIds);
}

function checkTools({ tools = [], tool_choice: choice }: CountTokensBody): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const isServerTool = typeof tool.type === 'string' && tool.type !== 'custom';
    if (!isServerTool && tool.input_schema === undefined) {
      throw invalidRequest(`tools.${index}.custom.input_schema: Field required`);
    }
    if (names.has(tool.name)) throw invalidRequest('tools: Tool names must be unique.');
    names.add(tool.name);
  }
  if (choice?.type === 'tool' && !names.has(choice.name ?? '')) {
    throw invalidRequest(`tool_choice: Tool '${choice.name ?? ''}' not found in provided tools`);
  }
  if (choice !== undefined && choice.type !== 'none' && tools.length === 0) {
    throw invalidRequest('tool_choice may only be specified while providing tools.');
  }
}

function checkContent(message: RequestMessage, index: number, isLast: boolean): void {
  const { role, content } = message;
  if (content.length === 0 && role !== 'system' && !(isLast && role === 'assistant')) {
    throw invalidRequest(
      `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
    );
  }
  if (isLast && role === 'assistant' && /\s$/.test(lastText(content))) {
    throw invalidRequest('messages: final assistant content cannot end with trailing whitespace');
  }
  if (typeof content === 'string') return;
  for (const [at, block] of content.entries()) {
    if (block.type !== 'text') continue;
    const text = block['text'];
    if (typeof text !== 'string')
      throw invalidRequest(`messages.${index}.content.${at}.text.text: Field required`);
    if (text === '') throw invalidRequest('messages: text content blocks must be non-empty');
  }
}

function lastText(content: RequestMessage['content']): string {
  if (typeof content === 'string') return content;
  const last = content.at(-1);
  return last?.type === 'text' && typeof last['text'] === 'string' ? last['text'] : '';
}

/** Returns the ids that stay open. */
function checkResults(blocks: readonly RequestBlock[], index: number, openIds: readonly string[]): string[] {
  const open = new Set(openIds);
  // Results must come first in their message; one behind anything else answers nothing.
  let isFirst = true;
  for (const [at, block] of blocks.entries()) {
    if (block.type !== 'tool_result') {
      isFirst = false;
      continue;
    }
    const id = block['tool_use_id'];
    if (typeof id !== 'string') {
      throw invalidRequest(`messages.${index}.content.${at}.tool_result.tool_use_id: Field required`);
    }
    if (open.has(id)) {
      if (isFirst) open.delete(id);
    } else {
      throw invalidRequest(
        `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
          'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
      );
    }
  }
  return [...open];
}

function checkCall(block: RequestBlock, path: string, usedIds: Set<string>): string {
  const { id, name, input } = block as { id?: unknown; name?: unknown; input?: unknown };
  if (typeof id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(id)) {
    throw invalidRequest(`${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
  }
  if (typeof name !== 'string' || name === '') throw invalidRequest(`${path}.tool_use.name: Field required`);
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    throw invalidRequest(`${path}.tool_use.input: Input should be a valid dictionary`);
  }
  if (usedIds.has(id)) throw invalidRequest('messages: `tool_use` ids must be unique');
  usedIds.add(id);
  return id;
}

function checkThinking(block: RequestBlock, path: string): void {
  const { thinking, signature } = block as { thinking?: unknown; signature?: unknown };
  if (typeof signature !== 'string') throw invalidRequest(`${path}.thinking.signature: Field required`);
  if (typeof thinking !== 'string' || signature !== thinkingSignature(thinking)) {
    throw invalidRequest(`${path}: Invalid \`signature\` in \`thinking\` block`);
  }
}

function missingResults(index: number, ids: readonly string[]) {
  return invalidRequest(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  );
}
