import { describe, expect, it } from 'vitest';
import { accumulateMessage } from './accumulate-message.ts';
import type { RawMessageStreamEvent } from './types.ts';

function accumulate(events: readonly Record<string, unknown>[]) {
  const accumulator = accumulateMessage();
  for (const event of events) accumulator.push(event as unknown as RawMessageStreamEvent);
  return accumulator;
}

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    content: [],
    stop_reason: null,
    future_field: 'kept',
    usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1, future_count: 3 },
  },
};
const open = (index: number, content_block: unknown) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: number, fields: unknown) => ({ type: 'content_block_delta', index, delta: fields });
const stop = (index: number) => ({ type: 'content_block_stop', index });
const end = (usage: unknown) => ({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage });

describe('accumulateMessage', () => {
  it('takes the last usage, keeps what it does not repeat, and does not add up', () => {
    const answer = accumulate([
      start,
      { type: 'message_delta', delta: {}, usage: { output_tokens: 7 } },
      end({ output_tokens: 20, input_tokens: null, cache_creation_input_tokens: 4 }),
    ]);
    expect(answer.usage()).toEqual({
      inputTokens: 10,
      cacheCreationInputTokens: 4,
      cacheReadInputTokens: 5,
      outputTokens: 20,
    });
  });

  it('knows what came and what did not', () => {
    expect(accumulate([]).hasStarted()).toBe(false);
    expect(accumulate([]).message()).toBeUndefined();
    expect(accumulate([start]).hasFinalUsage()).toBe(false);
    expect(accumulate([start, end({ output_tokens: 2 })]).hasFinalUsage()).toBe(true);
    expect(accumulate([start]).isComplete()).toBe(false);
    expect(accumulate([start, { type: 'message_stop' }]).isComplete()).toBe(true);
  });

  it('puts every kind of block together, and keeps fields it does not know', () => {
    const answer = accumulate([
      start,
      open(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'sig' }),
      stop(0),
      open(1, { type: 'text', text: '', citations: null }),
      delta(1, { type: 'text_delta', text: 'a' }),
      delta(1, { type: 'text_delta', text: 'b' }),
      delta(1, { type: 'citations_delta', citation: { cited_text: 'c' } }),
      delta(1, { type: 'delta_of_tomorrow', x: 1 }),
      stop(1),
      open(2, { type: 'tool_use', id: 't', name: 'n', input: {}, caller: { type: 'direct' } }),
      delta(2, { type: 'input_json_delta', partial_json: '{"a":' }),
      delta(2, { type: 'input_json_delta', partial_json: '1}' }),
      stop(2),
      { type: 'event_of_tomorrow' },
      { ...end({ output_tokens: 2 }), context_management: { applied_edits: [] } },
    ]);
    expect(answer.message()).toMatchObject({
      future_field: 'kept',
      context_management: { applied_edits: [] },
      stop_reason: 'end_turn',
      usage: { future_count: 3 },
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'text', text: 'ab', citations: [{ cited_text: 'c' }] },
        { type: 'tool_use', input: { a: 1 }, caller: { type: 'direct' } },
      ],
    });
  });

  it('does not guess at tool input that was cut off', () => {
    const answer = accumulate([
      start,
      open(0, { type: 'tool_use', id: 't', name: 'n', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{"path": "a' }),
      stop(0),
    ]);
    expect(answer.message()?.content).toMatchObject([{ type: 'tool_use', input: {} }]);
  });
});
