import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { blocksOf, textOf } from '../messages/open-record.ts';
import type { MessagesRequest } from '../messages/types.ts';

/**
 * Which conversations a local model is leading. Claude leads all others, so that nothing is kept of them. In memory only: where it is lost,
 * a conversation is tried on Claude once more.
 */
export interface Conversations {
  /** Whether Ollama gave the latest answer. */
  isOnOllama(id: string): boolean;
  toOllama(id: string): void;
  toClaude(id: string): void;
  /** How many are on Ollama. */
  readonly size: number;
}

export interface ConversationsOptions {
  /** Default 10,000; the one that was used the longest ago is forgotten first. */
  readonly most?: number;
  /** Default 24 h without a request. */
  readonly expiryMs?: number;
}

export function createConversations(
  options: ConversationsOptions,
  ports: { readonly nowMs: () => number },
): Conversations {
  const { most = 10_000, expiryMs = 24 * 3_600_000 } = options;
  /** In the order of their latest use. */
  const usedAtMs = new Map<string, number>();
  return {
    isOnOllama(id) {
      const at = usedAtMs.get(id);
      if (at === undefined) return false;
      if (ports.nowMs() - at < expiryMs) return true;
      usedAtMs.delete(id);
      return false;
    },
    toOllama(id) {
      usedAtMs.delete(id);
      usedAtMs.set(id, ports.nowMs());
      const [oldest] = usedAtMs.keys();
      if (usedAtMs.size > most && oldest !== undefined) usedAtMs.delete(oldest);
    },
    toClaude: (id) => void usedAtMs.delete(id),
    get size() {
      return usedAtMs.size;
    },
  };
}

/**
 * What a conversation is recognised by: Claude Code's session and agent headers (a subagent is a conversation of its own), else the session
 * in `metadata.user_id`, else a hash of how the conversation begins. With the model, because a client's background requests share its
 * session.
 */
export function conversationId(headers: IncomingHttpHeaders, request: MessagesRequest): string {
  const session = textOf(headers['x-claude-code-session-id']) || sessionOfMetadata(request);
  if (session === '') return `head ${request.model} ${hashOfHead(request)}`.slice(0, maxIdLength);
  const agent = textOf(headers['x-claude-code-agent-id']);
  return `session ${session} ${agent} ${request.model}`.slice(0, maxIdLength);
}

/** Text of the first message that a user wrote, without what a client puts before it in blocks of its own. */
export function firstUserText(request: MessagesRequest): string {
  const first = request.messages.find(({ role }) => role === 'user');
  const texts = blocksOf(first?.content).map((block) => textOf(block['text']));
  return texts.filter((text) => text !== '' && !text.startsWith('<system-reminder>')).join('\n\n');
}

/** Whether the newest message answers a tool call, so that a model is in the middle of its work. */
export function isWithinToolUse({ messages }: MessagesRequest): boolean {
  const last = messages.findLast(({ role }) => role !== ('system' as string));
  return last?.role === 'user' && blocksOf(last.content).some((block) => block['type'] === 'tool_result');
}

const maxIdLength = 400;
const headCharacters = 4_096;

function sessionOfMetadata(request: MessagesRequest): string {
  const user = textOf(request.metadata?.user_id);
  return (
    /"session_id"\s*:\s*"([\w-]{8,64})"|_session_([\w-]{8,64})$/.exec(user)?.slice(1).find(Boolean) ?? ''
  );
}

function hashOfHead(request: MessagesRequest): string {
  const [first] = request.messages;
  const text = blocksOf(first?.content)
    .map((block) => textOf(block['text']))
    .join('\n');
  const system = blocksOf(request.system).map((block) => textOf(block['text']));
  const head = `${system.join('\n').slice(0, headCharacters)}\n${text.slice(0, headCharacters)}`;
  return createHash('sha256').update(head).digest('base64url').slice(0, 22);
}
