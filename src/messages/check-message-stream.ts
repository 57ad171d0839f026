import { isRecord, type OpenRecord, textOf } from './open-record.ts';
import type { RawMessageStreamEvent } from './types.ts';

/**
 * Faults of a Messages stream against the order of events that clients rely on, as sentences; empty for a valid one. For tests.
 *
 * @see https://docs.anthropic.com/en/api/messages-streaming
 */
export function checkMessageStream(events: readonly RawMessageStreamEvent[]): readonly string[] {
  const faults: string[] = [];
  let openIndex: number | undefined;
  let openType = '';
  let json = '';
  let nextIndex = 0;
  let deltas = 0;
  let outputTokens = 0;
  for (const [position, typed] of events.entries()) {
    const event = typed as unknown as OpenRecord;
    const fault = (text: string): void =>
      void faults.push(`event ${position} (${textOf(event['type'])}): ${text}`);
    const isLast = position === events.length - 1;
    if ((position === 0) !== (event['type'] === 'message_start'))
      fault('message_start is first, and only first');
    if (isLast !== (event['type'] === 'message_stop')) fault('message_stop is last, and only last');
    switch (event['type']) {
      case 'message_start': {
        const message = isRecord(event['message']) ? event['message'] : {};
        if (!/^[a-zA-Z0-9_-]+$/.test(textOf(message['id']))) fault('the message has no id');
        if (message['role'] !== 'assistant' || message['type'] !== 'message') fault('it is no message');
        if (!Array.isArray(message['content']) || message['content'].length > 0)
          fault('content is not empty');
        checkUsage(message['usage'], ['input_tokens', 'output_tokens'], fault);
        break;
      }
      case 'content_block_start': {
        const block = isRecord(event['content_block']) ? event['content_block'] : {};
        if (openIndex !== undefined) fault('the block before it is still open');
        if (event['index'] !== nextIndex) fault(`the index is not ${nextIndex}`);
        if (deltas > 0) fault('message_delta came before it');
        openIndex = nextIndex++;
        openType = textOf(block['type']);
        json = '';
        if (openType === 'tool_use') checkToolUse(block, fault);
        break;
      }
      case 'content_block_delta': {
        const delta = isRecord(event['delta']) ? event['delta'] : {};
        if (event['index'] !== openIndex) fault('its block is not open');
        if (!(deltaTypes[openType] ?? []).includes(textOf(delta['type']))) {
          fault(`${textOf(delta['type'])} does not belong into a block of type ${openType}`);
        }
        json += textOf(delta['partial_json']);
        break;
      }
      case 'content_block_stop':
        if (event['index'] !== openIndex) fault('its block is not open');
        if (openType === 'tool_use' && !isJsonObject(json)) fault(`the input is not an object: ${json}`);
        openIndex = undefined;
        break;
      case 'message_delta': {
        deltas++;
        if (openIndex !== undefined) fault('a block is still open');
        const usage = isRecord(event['usage']) ? event['usage'] : {};
        checkUsage(usage, ['output_tokens'], fault);
        if (Number(usage['output_tokens']) < outputTokens) fault('output_tokens went down');
        outputTokens = Number(usage['output_tokens']);
        break;
      }
    }
  }
  if (deltas === 0) faults.push('there is no message_delta');
  if (events.length === 0) faults.push('there is no event');
  return faults;
}

const deltaTypes: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
};

function checkToolUse(block: OpenRecord, fault: (text: string) => void): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(textOf(block['id'])))
    fault(`the id "${textOf(block['id'])}" would be refused`);
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(textOf(block['name']))) fault('the name would be refused');
  if (!isRecord(block['input'])) fault('the input is not an object');
}

function checkUsage(usage: unknown, names: readonly string[], fault: (text: string) => void): void {
  for (const name of names) {
    const count = isRecord(usage) ? usage[name] : undefined;
    if (!Number.isInteger(count) || Number(count) < 0) fault(`usage.${name} is ${String(count)}`);
  }
}

function isJsonObject(json: string): boolean {
  if (json === '') return true;
  try {
    return isRecord(JSON.parse(json));
  } catch {
    return false;
  }
}
