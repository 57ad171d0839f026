import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTextToolCalls, toolInput } from './text-tool-calls.ts';

const tools = [
  {
    name: 'read_file',
    schema: { properties: { path: { type: 'string' }, lines: { type: 'integer' } } },
  },
  { name: 'list_files', schema: {} },
];
const find = (answer: string) => findTextToolCalls(answer, tools);
const readA = { name: 'read_file', input: { path: 'a.ts' } };

describe('findTextToolCalls', () => {
  it.each([
    ['bare JSON', '{"name": "read_file", "arguments": {"path": "a.ts"}}'],
    ['JSON over several lines', '{\n  "name": "read_file",\n  "parameters": {\n    "path": "a.ts"\n  }\n}'],
    ['a fence', '```json\n{"name": "read_file", "arguments": {"path": "a.ts"}}\n```'],
    ['a fence without a language', '```\n{"tool": "read_file", "input": {"path": "a.ts"}}\n```'],
    ['tags', '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.ts"}}\n</tool_call>'],
    ['tags that are not closed', '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.ts"}}'],
    ['a function tag with JSON', '<function=read_file>{"path": "a.ts"}</function>'],
    [
      'a function tag with parameters',
      '<tool_call>\n<function=read_file>\n<parameter=path>\na.ts\n</parameter>\n</function>\n</tool_call>',
    ],
    ['a list', '[{"name": "read_file", "arguments": {"path": "a.ts"}}]'],
    ['a Mistral mark', '[TOOL_CALLS] [{"name": "read_file", "arguments": {"path": "a.ts"}}]'],
    ['a Llama mark', '<|python_tag|>{"name": "read_file", "parameters": {"path": "a.ts"}}'],
    [
      'the OpenAI form',
      '{"type": "function", "function": {"name": "read_file", "arguments": {"path": "a.ts"}}}',
    ],
    ['arguments as text', '{"name": "read_file", "arguments": "{\\"path\\": \\"a.ts\\"}"}'],
    ['another case', '{"name": "Read_File", "arguments": {"path": "a.ts"}}'],
    ['single quotes', "{'name': 'read_file', 'arguments': {'path': 'a.ts'}}"],
    ['a comma too many', '{"name": "read_file", "arguments": {"path": "a.ts",},}'],
    ['a bracket too few', '{"name": "read_file", "arguments": {"path": "a.ts"}'],
    ['keys without quotes', '{name: "read_file", arguments: {path: "a.ts"}}'],
  ])('recognises %s', (_, answer) => {
    expect(find(answer)).toEqual({ text: '', calls: [readA] });
  });

  it('keeps the text around the calls, in order', () => {
    const call = '<tool_call>{"name": "read_file", "arguments": {"path": "a.ts"}}</tool_call>';
    const found = find(`I will look.\n${call}\n${call}\nThen I will tell.`);
    expect(found.calls).toEqual([readA, readA]);
    expect(found.text).toMatch(/^I will look\.\s+Then I will tell\.$/);
  });

  it('reads parameters by the schema: text stays text, other values are values', () => {
    const answer =
      '<function=read_file><parameter=path>12</parameter><parameter=lines>12</parameter></function>';
    expect(find(answer).calls).toEqual([{ name: 'read_file', input: { path: '12', lines: 12 } }]);
  });

  it('takes a name alone as a call without arguments', () => {
    expect(find('{"name": "list_files"}').calls).toEqual([{ name: 'list_files', input: {} }]);
  });

  it.each([
    ['a tool that was not offered', '{"name": "rm", "arguments": {"path": "/"}}'],
    ['data that happens to have a name', '{"name": "read_file", "version": "1.0.0"}'],
    ['a list with data in it', '[{"name": "read_file", "arguments": {}}, {"name": "x"}]'],
    ['an example inside a sentence', 'Write {"name": "read_file", "arguments": {}} to read.'],
    ['code in another language', '```ts\nconst a = { name: "read_file", arguments: {} };\n```'],
    ['arguments that are no object', '{"name": "read_file", "arguments": "just words"}'],
    ['broken beyond repair', '<tool_call>read the file a.ts</tool_call>'],
  ])('leaves %s alone', (_, answer) => {
    expect(find(answer)).toEqual({ text: answer, calls: [] });
  });

  it('never fails, and never loses the text of an answer without calls', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('{"name":', '```json\n', '\n```', '<tool_call>', '<function=x>', '[', '{', '}', '\n'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const answer = pieces.join('');
        const found = find(answer);
        if (found.calls.length === 0) expect(found.text).toBe(answer.trim() === '' ? '' : answer.trimEnd());
      }),
    );
  });
});

describe('toolInput', () => {
  it('makes an object of what a model gives, or says that it cannot', () => {
    expect(toolInput({ a: 1 })).toEqual({ a: 1 });
    expect(toolInput('{"a": 1,}')).toEqual({ a: 1 });
    expect(toolInput('')).toEqual({});
    expect(toolInput(null)).toEqual({});
    expect(toolInput('words')).toBeUndefined();
    expect(toolInput([1])).toBeUndefined();
  });
});
