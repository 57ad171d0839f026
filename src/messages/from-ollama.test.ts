import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMessageStream } from './check-message-stream.ts';
import { fromOllama } from './from-ollama.ts';
import type { RawMessageStreamEvent } from './types.ts';

const tools = [{ name: 'read_file', schema: {} }];
const done = { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 };
const say = (content: string) => ({ message: { role: 'assistant', content }, done: false });

function translate(chunks: readonly unknown[], offered = tools) {
  let ids = 0;
  const translation = fromOllama(
    { model: 'qwen3:8b', tools: offered, estimatedInputTokens: 99 },
    { newId: () => `id${ids++}` },
  );
  const early: RawMessageStreamEvent[] = chunks.flatMap((chunk) => [...translation.push(chunk)]);
  const { events, message } = translation.end();
  return { message, early, events: [...early, ...events] };
}

function textOfEvents(events: readonly RawMessageStreamEvent[]): string {
  return events
    .map((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '',
    )
    .join('');
}

describe('fromOllama', () => {
  it('makes a thinking block without a signature, then text', () => {
    const { message, events } = translate([
      { message: { role: 'assistant', content: '', thinking: 'Hmm, ' }, done: false },
      { message: { role: 'assistant', content: '', thinking: 'yes.' }, done: false },
      say('Yes'),
      say('.'),
      done,
    ]);
    expect(checkMessageStream(events)).toEqual([]);
    expect(message).toMatchObject({
      model: 'qwen3:8b',
      stop_reason: 'end_turn',
      content: [
        { type: 'thinking', thinking: 'Hmm, yes.', signature: '' },
        { type: 'text', text: 'Yes.' },
      ],
      usage: { input_tokens: 11, output_tokens: 7 },
    });
  });

  it('shows text as it comes', () => {
    const { early } = translate([say('one '), say('two')]);
    expect(textOfEvents(early)).toBe('one two');
  });

  it('makes tool_use of native calls, with an object as input', () => {
    const call = (name: string, args: unknown) => ({
      message: { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: args } }] },
      done: false,
    });
    const { message, events } = translate([
      call('read_file', { path: 'a' }),
      call('read_file', '{"path": "b",}'),
      call('read_file', 'words'),
      call('bad name!', null),
      done,
    ]);
    expect(checkMessageStream(events)).toEqual([]);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'tool_use', id: 'toolu_id1', name: 'read_file', input: { path: 'a' } },
      { id: 'toolu_id2', input: { path: 'b' } },
      { id: 'toolu_id3', input: { invalid_arguments: 'words' } },
      { id: 'toolu_id4', name: 'bad_name_', input: {} },
    ]);
  });

  it('makes tool_use of a call that was written as text, and shows nothing of it before', () => {
    const answer = 'I will look.\n```json\n{"name": "read_file", "arguments": {"path": "a"}}\n```';
    const { message, early, events } = translate([...[...answer].map(say), done]);
    expect(checkMessageStream(events)).toEqual([]);
    expect(textOfEvents(early).trim()).toBe('I will look.');
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'text' },
      { type: 'tool_use', name: 'read_file', input: { path: 'a' } },
    ]);
  });

  it('does not complete a call that max_tokens cut off', () => {
    const { message } = translate([
      say('{"name": "read_file", "arguments": {"path": "a'),
      { ...done, done_reason: 'length' },
    ]);
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.content).toMatchObject([
      { type: 'text', text: '{"name": "read_file", "arguments": {"path": "a' },
    ]);
  });

  it('does not hold code back that cannot be a call', () => {
    const { early } = translate([
      say('Here:\n```ts\nconst a = [1];\n{ const b = 2 }\n```\n'),
      say('{ "port": 80 }'),
    ]);
    expect(textOfEvents(early)).toBe('Here:\n```ts\nconst a = [1];\n{ const b = 2 }\n```\n{ "port": 80 }');
  });

  it('leaves text alone where no tool was offered', () => {
    const answer = '{"name": "read_file", "arguments": {}}';
    const { message, early } = translate([say(answer), done], []);
    expect(textOfEvents(early)).toBe(answer);
    expect(message.content).toMatchObject([{ type: 'text', text: answer }]);
  });

  it('estimates counts that Ollama leaves out', () => {
    const { message } = translate([say('abcdef'), { done: true, done_reason: 'stop' }]);
    expect(message.usage).toMatchObject({ input_tokens: 99, output_tokens: 2 });
  });

  it('gives a valid stream for an empty answer', () => {
    const { message, events } = translate([done]);
    expect(checkMessageStream(events)).toEqual([]);
    expect(message.content).toEqual([]);
  });

  it('loses no text, however it is cut into chunks, and always gives a valid stream', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom('<tool_', '```', '```json\n', '\n', '  {', '"name"', '[TOOL', '{"na', '<', '`', '}'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const { events } = translate([...pieces.map(say), done]);
        expect(checkMessageStream(events)).toEqual([]);
        expect(textOfEvents(events)).toBe(pieces.join(''));
      }),
    );
  });
});
