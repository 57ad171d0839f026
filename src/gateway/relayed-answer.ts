import { isRecord, type OpenRecord, textOf } from '../messages/open-record.ts';
import { fromApiUsage, type TokenUsage } from '../messages/token-usage.ts';

/** What a client has of an answer that broke off. */
export interface RelayedAnswer {
  /** Index of the next content block. */
  readonly nextIndex: number;
  /** The block that is still open; null where all are closed. */
  readonly openBlock: RelayedBlock | null;
  /** Text of all text blocks so far. */
  readonly text: string;
  readonly toolCalls: number;
  /** Calls that Claude's own servers carry out and whose results have not come; Claude refuses a conversation that holds one. */
  readonly openServerCalls: number;
  readonly usage: TokenUsage;
  /** Whether the closing `message_delta` came, so that only `message_stop` is missing. */
  readonly hasStopReason: boolean;
}

export interface RelayedBlock {
  readonly index: number;
  readonly type: string;
  /** Text, thinking, or the JSON of a tool call so far. */
  readonly content: string;
}

/** Reads what was relayed; null where it holds no beginning of a message, so that nothing can be continued. */
export function readRelayed(bytes: Buffer): RelayedAnswer | null {
  let hasStarted = false;
  let nextIndex = 0;
  let open: { index: number; type: string; content: string } | null = null;
  let text = '';
  let toolCalls = 0;
  let openServerCalls = 0;
  let usage: OpenRecord = {};
  let hasStopReason = false;
  for (const event of eventsOf(bytes)) {
    switch (event['type']) {
      case 'message_start': {
        hasStarted = true;
        const message = isRecord(event['message']) ? event['message'] : {};
        if (isRecord(message['usage'])) usage = message['usage'];
        break;
      }
      case 'content_block_start': {
        const block = isRecord(event['content_block']) ? event['content_block'] : {};
        const type = textOf(block['type']);
        open = { index: nextIndex, type, content: textOf(block['text']) };
        text += open.content;
        if (type === 'tool_use') toolCalls += 1;
        else if (type.endsWith('_tool_use')) openServerCalls += 1;
        else if (type.endsWith('_tool_result')) openServerCalls -= 1;
        nextIndex += 1;
        break;
      }
      case 'content_block_delta': {
        const delta = isRecord(event['delta']) ? event['delta'] : {};
        text += textOf(delta['text']);
        if (open !== null) {
          open.content += textOf(delta['text']) + textOf(delta['thinking']) + textOf(delta['partial_json']);
        }
        break;
      }
      case 'content_block_stop':
        open = null;
        break;
      case 'message_delta':
        if (isRecord(event['usage'])) usage = { ...usage, ...event['usage'] };
        hasStopReason = true;
        break;
    }
  }
  if (!hasStarted) return null;
  const reported = fromApiUsage(usage);
  return { nextIndex, openBlock: open, text, toolCalls, openServerCalls, usage: reported, hasStopReason };
}

function* eventsOf(bytes: Buffer): Generator<OpenRecord> {
  for (const line of bytes.toString('utf8').split('\n')) {
    if (!line.startsWith('data:')) continue;
    try {
      const event: unknown = JSON.parse(line.slice('data:'.length));
      if (isRecord(event)) yield event;
    } catch {
      // An event that no client can read adds nothing to what the client has.
    }
  }
}
