import { isRecord, type OpenRecord, textOf } from './open-record.ts';
import { fromApiUsage, noUsage, type TokenUsage } from './token-usage.ts';
import type { Message, RawMessageStreamEvent } from './types.ts';

/** Puts the events of a Messages stream together again to the message that a call without streaming would give. */
export interface MessageAccumulator {
  /** Takes one event. Unknown events, deltas and fields are kept where the format says where they belong, else passed over. */
  push(event: RawMessageStreamEvent): void;
  /** Whether `message_start` came. */
  hasStarted(): boolean;
  /** Whether the last word on usage came (`message_delta` with a stop reason). */
  hasFinalUsage(): boolean;
  /** Whether `message_stop` came. */
  isComplete(): boolean;
  /** Usage as reported so far; none before `message_start`. */
  usage(): TokenUsage;
  /** The message so far; undefined before `message_start`. */
  message(): Message | undefined;
}

/**
 * `message_delta.usage` is cumulative, so each of its fields replaces the one before; a field that it does not carry (or null)
 * keeps what `message_start` said (https://docs.anthropic.com/en/api/messages-streaming).
 */
export function accumulateMessage(): MessageAccumulator {
  let message: Record<string, unknown> | undefined;
  let hasFinalUsage = false;
  let isComplete = false;
  const blocks: Record<string, unknown>[] = [];
  const inputJson = new Map<number, string>();

  const take = (event: OpenRecord): void => {
    const index = typeof event['index'] === 'number' ? event['index'] : -1;
    switch (event['type']) {
      case 'message_start':
        if (isRecord(event['message'])) {
          message = { ...event['message'], usage: { ...asRecord(event['message']['usage']) } };
        }
        return;
      case 'content_block_start':
        if (isRecord(event['content_block'])) blocks[index] = { ...event['content_block'] };
        return;
      case 'content_block_delta':
        applyDelta(blocks[index], asRecord(event['delta']), index, inputJson);
        return;
      case 'content_block_stop':
        finishBlock(blocks[index], inputJson.get(index));
        return;
      case 'message_delta': {
        if (message === undefined) return;
        const delta = asRecord(event['delta']);
        Object.assign(message, delta);
        Object.assign(asMutable(message['usage']), withoutNulls(asRecord(event['usage'])));
        for (const [name, value] of Object.entries(event)) {
          if (name !== 'type' && name !== 'delta' && name !== 'usage') message[name] = value;
        }
        if (delta['stop_reason']) hasFinalUsage = true;
        return;
      }
      case 'message_stop':
        isComplete = true;
    }
  };

  return {
    push: (event) => take(event as unknown as OpenRecord),
    hasStarted: () => message !== undefined,
    hasFinalUsage: () => hasFinalUsage,
    isComplete: () => isComplete,
    usage: () => (message === undefined ? noUsage : fromApiUsage(asRecord(message['usage']))),
    message: () =>
      message === undefined
        ? undefined
        : ({ ...message, content: blocks.filter((block) => block !== undefined) } as unknown as Message),
  };
}

function applyDelta(
  block: Record<string, unknown> | undefined,
  delta: OpenRecord,
  index: number,
  inputJson: Map<number, string>,
): void {
  if (block === undefined) return;
  switch (delta['type']) {
    case 'text_delta':
      block['text'] = textOf(block['text']) + textOf(delta['text']);
      return;
    case 'thinking_delta':
      block['thinking'] = textOf(block['thinking']) + textOf(delta['thinking']);
      return;
    case 'signature_delta':
      block['signature'] = textOf(block['signature']) + textOf(delta['signature']);
      return;
    case 'citations_delta':
      block['citations'] = [
        ...(Array.isArray(block['citations']) ? block['citations'] : []),
        delta['citation'],
      ];
      return;
    case 'input_json_delta':
      inputJson.set(index, (inputJson.get(index) ?? '') + textOf(delta['partial_json']));
  }
}

/** Input that was cut off by `max_tokens` is not guessed at: the block then keeps the input it started with, `{}`. */
function finishBlock(block: Record<string, unknown> | undefined, json: string | undefined): void {
  if (block === undefined || json === undefined || json === '') return;
  try {
    block['input'] = JSON.parse(json);
  } catch {
    // Cut off or malformed; see above.
  }
}

function withoutNulls(fields: OpenRecord): OpenRecord {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function asRecord(value: unknown): OpenRecord {
  return isRecord(value) ? value : {};
}

function asMutable(value: unknown): Record<string, unknown> {
  return isRecord(value) ? (value as Record<string, unknown>) : {};
}
