import { describe, expect, it } from 'vitest';
import { readRelayed } from './relayed-answer.ts';

const sse = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const start = sse('message_start', { message: { usage: { input_tokens: 7, output_tokens: 1 } } });
const block = (index: number, content_block: object) => sse('content_block_start', { index, content_block });
const delta = (index: number, part: object) => sse('content_block_delta', { index, delta: part });
const stop = (index: number) => sse('content_block_stop', { index });
const read = (...events: string[]) => readRelayed(Buffer.from(events.join('')));

describe('readRelayed', () => {
  it('knows the text so far and the block that is open', () => {
    const relayed = read(
      start,
      block(0, { type: 'thinking', thinking: '' }),
      delta(0, { thinking: 'hm' }),
      stop(0),
      block(1, { type: 'text', text: '' }),
      delta(1, { text: 'Hello ' }),
      delta(1, { text: 'you' }),
    );
    expect(relayed).toMatchObject({
      nextIndex: 2,
      text: 'Hello you',
      toolCalls: 0,
      openBlock: { index: 1, type: 'text' },
      usage: { inputTokens: 7 },
    });
  });

  it('knows whole and open tool calls', () => {
    const call = block(0, { type: 'tool_use', id: 't', name: 'Read', input: {} });
    const open = read(start, call, delta(0, { partial_json: '{"a":' }));
    expect(open).toMatchObject({ toolCalls: 1, openBlock: { content: '{"a":' } });
    expect(read(start, call, stop(0))).toMatchObject({ toolCalls: 1, openBlock: null });
  });

  it("counts calls of Claude's own tools until their results have come", () => {
    const search = block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} });
    const result = block(1, { type: 'web_search_tool_result', tool_use_id: 's', content: [] });
    expect(read(start, search, stop(0))).toMatchObject({ openServerCalls: 1, toolCalls: 0 });
    expect(read(start, search, stop(0), result)).toMatchObject({ openServerCalls: 0 });
  });

  it('has nothing to continue without a beginning', () => {
    expect(read(delta(0, { text: 'x' }))).toBeNull();
    expect(read('')).toBeNull();
  });
});
