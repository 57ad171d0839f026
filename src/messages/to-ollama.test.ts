import { describe, expect, it } from 'vitest';
import { toOllama } from './to-ollama.ts';
import type { MessagesRequest } from './types.ts';

const able = { tools: true, vision: true, thinking: true };
const unable = { tools: false, vision: false, thinking: false };
const base = { model: 'x', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] };
const readFile = {
  name: 'read_file',
  description: 'Reads a file',
  input_schema: { type: 'object', properties: { path: { type: 'string' } } },
};
const translate = (fields: Record<string, unknown>, abilities = able) =>
  toOllama({ ...base, ...fields } as unknown as MessagesRequest, abilities);

describe('toOllama', () => {
  it('puts the system blocks first, and keeps system messages where they are', () => {
    const chat = translate({
      system: [
        { type: 'text', text: 'one', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'two' },
      ],
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'in between' },
        { role: 'system', content: [] },
        { role: 'assistant', content: 'ho' },
      ],
    });
    expect(chat.messages).toEqual([
      { role: 'system', content: 'one\n\ntwo' },
      { role: 'user', content: 'hi' },
      { role: 'system', content: 'in between' },
      { role: 'assistant', content: 'ho' },
    ]);
    expect(chat.notes).toEqual([]);
  });

  it('translates tools, calls and results, results before what the user adds', () => {
    const chat = translate({
      tools: [readFile],
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_1', name: 'read_file', input: { path: 'a' } },
            { type: 'tool_use', id: 'toolu_2', name: 'read_file', input: { path: 'b' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'A' }] },
            { type: 'tool_result', tool_use_id: 'toolu_2', content: 'no such file', is_error: true },
            { type: 'text', text: 'and now?' },
          ],
        },
      ],
    });
    expect(chat.tools).toEqual([
      {
        type: 'function',
        function: { name: 'read_file', description: 'Reads a file', parameters: readFile.input_schema },
      },
    ]);
    expect(chat.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [
          { function: { name: 'read_file', arguments: { path: 'a' } } },
          { function: { name: 'read_file', arguments: { path: 'b' } } },
        ],
      },
      { role: 'tool', content: 'A', tool_name: 'read_file' },
      { role: 'tool', content: 'Error: no such file', tool_name: 'read_file' },
      { role: 'user', content: 'and now?' },
    ]);
  });

  it('describes tools in words to a model without tool calling, and shows old calls as it would write them', () => {
    const chat = translate(
      {
        tools: [readFile],
        messages: [
          { role: 'user', content: 'go' },
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: 'toolu_1', name: 'read_file', input: { path: 'a' } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'A' }] },
        ],
      },
      unable,
    );
    expect(chat.tools).toBeUndefined();
    expect(chat.messages[0]?.content).toMatch(/read_file.*Reads a file.*<tool_call>/s);
    expect(chat.messages[2]?.content).toContain('{"name":"read_file","arguments":{"path":"a"}}');
    expect(chat.messages[3]).toMatchObject({ role: 'user', content: expect.stringMatching(/read_file.*A/s) });
    expect(chat.notes.join()).toContain('no tool calling');
    expect(chat.offeredTools).toHaveLength(1);
  });

  it('asks in words for what tool_choice forces', () => {
    const other = { ...readFile, name: 'other' };
    const choose = (tool_choice: unknown) => translate({ tools: [readFile, other], tool_choice });
    expect(choose({ type: 'none' }).tools).toBeUndefined();
    expect(choose({ type: 'auto' }).messages).toHaveLength(1);
    expect(choose({ type: 'any' }).messages[0]?.content).toContain('with a tool call');
    const one = choose({ type: 'tool', name: 'other', disable_parallel_tool_use: true });
    expect(one.tools?.map((tool) => tool.function.name)).toEqual(['other']);
    expect(one.messages[0]?.content).toMatch(/the tool other\..*at most one/s);
  });

  it('gives pictures to a model that sees, also those in tool results', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'look' }, image] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't', name: 'shot', input: {} }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [image] }] },
    ];
    const seeing = translate({ messages });
    expect(seeing.messages[0]).toEqual({ role: 'user', content: 'look', images: ['aGk='] });
    expect(seeing.messages.at(-1)).toMatchObject({ role: 'user', images: ['aGk='] });
    expect(seeing.notes).toEqual([]);
    const blind = translate({ messages }, unable);
    expect(JSON.stringify(blind.messages)).not.toContain('aGk=');
    expect(JSON.stringify(blind.messages)).toContain('cannot see');
    expect(blind.notes.join()).toContain('pictures');
  });

  it('takes documents as text where they are text, and says where they are not', () => {
    const chat = translate({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', title: 'notes', source: { type: 'text', data: 'plain words' } },
            { type: 'document', title: 'paper', source: { type: 'base64', data: 'JVBERi0=' } },
          ],
        },
      ],
    });
    expect(chat.messages[0]?.content).toMatch(/\[notes\]\nplain words.*\[paper: .*cannot read\]/s);
    expect(chat.messages[0]?.content).not.toContain('JVBERi0');
    expect(chat.notes.join()).toContain('"paper"');
  });

  it('passes earlier thinking on as thinking, without its signature, where the model thinks', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'deep', signature: 'SIGNED' },
          { type: 'text', text: 'ho' },
        ],
      },
    ];
    const thinking = translate({ messages });
    expect(thinking.messages[1]).toEqual({ role: 'assistant', content: 'ho', thinking: 'deep' });
    const plain = translate({ messages }, unable);
    expect(plain.messages[1]).toEqual({ role: 'assistant', content: 'ho' });
    expect(plain.notes.join()).toContain('thinking');
  });

  it('thinks when asked to, does not when not, and says nothing to a model that cannot', () => {
    expect(translate({ thinking: { type: 'adaptive' } }).think).toBe(true);
    expect(translate({ thinking: { type: 'disabled' } }).think).toBe(false);
    expect(translate({}).think).toBe(false);
    expect(translate({ thinking: { type: 'enabled', budget_tokens: 2_000 } }, unable).think).toBeUndefined();
  });

  it('translates the sampling settings', () => {
    const settings = { temperature: 0.5, top_p: 0.9, top_k: 20, stop_sequences: ['END'] };
    expect(translate(settings).options).toEqual({
      num_predict: 100,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 20,
      stop: ['END'],
    });
  });

  it('constrains the output to a schema, except where that would forbid tool calls', () => {
    const schema = { type: 'object' };
    const output_config = { effort: 'low', format: { type: 'json_schema', schema } };
    expect(translate({ output_config }).format).toEqual(schema);
    const withTools = translate({ output_config, tools: [readFile] });
    expect(withTools.format).toBeUndefined();
    expect(withTools.notes.join()).toContain('output format');
  });

  it('names every tool and block that it leaves out', () => {
    const chat = translate({
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
            { type: 'redacted_thinking', data: 'x' },
            { type: 'text', text: 'ho' },
          ],
        },
      ],
    });
    expect(chat.tools).toBeUndefined();
    expect(chat.notes.join(' ')).toMatch(/web_search.*server_tool_use.*Redacted/s);
    expect(chat.messages[0]?.content).toContain('server_tool_use');
  });
});
