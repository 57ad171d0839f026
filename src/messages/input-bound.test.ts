import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { parseCountTokensBody } from '../simulators/claude/claude-request.ts';
import { countClaudeInput } from '../simulators/claude/claude-tokens.ts';
import { inputBoundTokens } from './input-bound.ts';
import type { MessagesRequest } from './types.ts';

const base: MessagesRequest = {
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
};

function tokensOf(request: unknown): number {
  const bound = inputBoundTokens(request as MessagesRequest);
  if (!bound.bounded) throw new Error(`unbounded because of ${bound.because}`);
  return bound.tokens;
}

function reasonOf(fields: Record<string, unknown>): string {
  const bound = inputBoundTokens({ ...base, ...fields } as MessagesRequest);
  return bound.bounded ? '' : bound.because;
}

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

const text = fc.string({ unit: 'binary', maxLength: 200 });
const jsonObject = fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 });
const block = fc.oneof(
  fc.record({ type: fc.constant('text'), text: text.map((words) => words || 'x') }),
  fc.record({
    type: fc.constant('tool_use'),
    id: fc.stringMatching(/^toolu_[a-z0-9]{1,20}$/),
    name: fc.stringMatching(/^[a-z_]{1,20}$/),
    input: jsonObject,
  }),
  fc.record({
    type: fc.constant('tool_result'),
    tool_use_id: fc.stringMatching(/^toolu_[a-z0-9]{1,20}$/),
    content: fc.oneof(text, fc.array(fc.record({ type: fc.constant('text'), text }), { maxLength: 3 })),
  }),
);
const request = fc.record({
  model: fc.constant('claude-sonnet-5-5'),
  messages: fc.array(
    fc.record({
      role: fc.constantFrom('user', 'assistant'),
      content: fc.oneof(text, fc.array(block, { maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  system: fc.option(
    fc.oneof(text, fc.array(fc.record({ type: fc.constant('text'), text }), { maxLength: 3 })),
    {
      nil: undefined,
    },
  ),
  tools: fc.option(
    fc.array(
      fc.record({
        name: fc.stringMatching(/^[a-z_]{1,20}$/),
        description: text,
        input_schema: jsonObject.map((properties) => ({ type: 'object', properties })),
      }),
      { maxLength: 4 },
    ),
    { nil: undefined },
  ),
});

describe('inputBoundTokens', () => {
  it('is never below what the provider counts', () => {
    fc.assert(
      fc.property(request, (body) => {
        const counted = countClaudeInput(body as unknown as ReturnType<typeof parseCountTokensBody>);
        expect(tokensOf({ max_tokens: 1, ...body })).toBeGreaterThanOrEqual(counted);
      }),
      { numRuns: 300 },
    );
  });

  it('is never below the UTF-8 bytes of the text, in any script', () => {
    fc.assert(
      fc.property(text, text, (system, words) => {
        const bytes = Buffer.byteLength(system) + Buffer.byteLength(words);
        expect(tokensOf({ ...base, system, ...user(words) })).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  it('never shrinks when a message is added', () => {
    fc.assert(
      fc.property(request, (body) => {
        const longer = { ...body, messages: [...body.messages, { role: 'user', content: '' }] };
        expect(tokensOf(longer)).toBeGreaterThan(tokensOf(body));
      }),
    );
  });

  it('covers text that grows under NFKC, as a tokenizer may normalise it', () => {
    const ligature = '\uFDFA'.repeat(100);
    expect(tokensOf({ ...base, ...user(ligature) })).toBeGreaterThanOrEqual(
      Buffer.byteLength(ligature.normalize('NFKC')),
    );
  });

  it('adds the prompt that the API adds when tools are offered', () => {
    const tool = { name: 'a', input_schema: { type: 'object' } };
    const extra = tokensOf({ ...base, tools: [tool] }) - tokensOf(base);
    expect(extra).toBeGreaterThan(800 + JSON.stringify(tool).length);
  });

  it('counts thinking by its signature where the thinking itself is not shown', () => {
    const signature = 's'.repeat(5_000);
    const blocks = [{ type: 'thinking', thinking: '', signature }];
    expect(tokensOf({ ...base, messages: [{ role: 'assistant', content: blocks }] })).toBeGreaterThan(5_000);
  });

  it('counts a deferred tool where it is referred to', () => {
    const tool = { name: 'big', defer_loading: true, input_schema: { d: 'x'.repeat(3_000) } };
    const result = (content: unknown) => user([{ type: 'tool_result', tool_use_id: 't', content }]);
    const referred = { ...base, tools: [tool], ...result([{ type: 'tool_reference', tool_name: 'big' }]) };
    expect(tokensOf(referred) - tokensOf({ ...base, tools: [tool], ...result([]) })).toBeGreaterThan(3_000);
  });

  it('counts an output schema, a tool choice and fields it does not know', () => {
    const schema = { description: 'y'.repeat(2_000) };
    const config = { output_config: { format: { type: 'json_schema', schema } } };
    expect(tokensOf({ ...base, ...config })).toBeGreaterThan(2_000);
    expect(tokensOf({ ...base, brand_new: 'z'.repeat(2_000) })).toBeGreaterThan(2_000);
  });

  it('does not count what never becomes part of the prompt', () => {
    expect(tokensOf({ ...base, metadata: { user_id: 'u'.repeat(5_000) } })).toBe(tokensOf(base));
  });

  it.each([
    ['a picture', user([{ type: 'image', source: { type: 'url', url: 'https://x/y.png' } }]), 'image'],
    ['a document', user([{ type: 'document', source: { type: 'text', data: 'x' } }]), 'document'],
    [
      'a picture inside a tool result',
      user([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: {} }] }]),
      'image',
    ],
    [
      'a server tool',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      'web_search_20250305',
    ],
    ['results of a server tool', user([{ type: 'web_search_tool_result' }]), 'web_search_tool_result'],
    ['MCP servers', { mcp_servers: [{ url: 'https://x' }] }, 'mcp_servers'],
    ['a container', { container: 'c' }, 'container'],
    [
      'compaction by the provider',
      { context_management: { edits: [{ type: 'compact_20260112' }] } },
      'compact',
    ],
    ['a block of tomorrow', user([{ type: 'hologram' }]), 'hologram'],
  ])('has no bound for %s, and names it', (_, fields, named) => {
    expect(reasonOf(fields)).toContain(named);
  });

  it('stays bounded where the provider only clears old content', () => {
    const edits = [{ type: 'clear_tool_uses_20250919' }, { type: 'clear_thinking_20251015' }];
    expect(reasonOf({ context_management: { edits } })).toBe('');
  });
});
