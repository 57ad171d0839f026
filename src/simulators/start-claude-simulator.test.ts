import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chargedTokens, fromApiUsage } from '../messages/token-usage.ts';
import { type ClaudeSimulator, startClaudeSimulator } from './start-claude-simulator.ts';

const model = 'claude-sonnet-5-5';
const ask = (content: string) => [{ role: 'user' as const, content }];

let claude: ClaudeSimulator;
let client: Anthropic;

beforeEach(async () => {
  claude = await startClaudeSimulator();
  client = clientOf(claude);
});

afterEach(() => claude.close());

function clientOf(simulator: ClaudeSimulator, apiKey = 'some-key'): Anthropic {
  return new Anthropic({ baseURL: simulator.url, apiKey, maxRetries: 0 });
}

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

describe('an answer', () => {
  it('is marked as simulated in its first line, whatever the task', async () => {
    for (const task of ['Write a function in Go that parses dates', 'Is this safe?', 'Explain the ledger.']) {
      const message = await client.messages.create({ model, max_tokens: 500, messages: ask(task) });
      expect(textOf(message).split('\n')[0]).toBe(`[simulated ${model}]`);
    }
  });

  it('is the same for the same request, streamed or not', async () => {
    const request = { model, max_tokens: 500, messages: ask('Write a Python function that sorts names') };
    const whole = await client.messages.create(request);
    const streamed = await client.messages.stream(request).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(streamed.stop_reason).toBe('end_turn');
  });

  it('has code in the language that is asked for', async () => {
    const message = await client.messages.create({
      model,
      max_tokens: 500,
      messages: ask('Implement a function in Rust that counts words'),
    });
    expect(textOf(message)).toMatch(/```rust\npub fn counts_words\(/);
  });

  it('is really cut at max_tokens, and says so', async () => {
    const request = { model, max_tokens: 20, messages: ask('Explain it. [[sim:tokens=500]]') };
    const message = await client.messages.create(request);
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.usage.output_tokens).toBe(20);
    expect(Buffer.byteLength(textOf(message))).toBe(80);
    const streamed = await client.messages.stream(request).finalMessage();
    expect(streamed.content).toEqual(message.content);
    expect(streamed.usage.output_tokens).toBe(20);
  });

  it('ends before a stop sequence', async () => {
    claude.script.push({ text: 'one two three' });
    const message = await client.messages.create({
      model,
      max_tokens: 50,
      messages: ask('x'),
      stop_sequences: [' three', ' two'],
    });
    expect(textOf(message)).toBe('one');
    expect(message.stop_reason).toBe('stop_sequence');
    expect(message.stop_sequence).toBe(' two');
  });

  it('calls a tool with an input that fits its schema, and goes on after the result', async () => {
    const tools = [
      {
        name: 'read_file',
        input_schema: {
          type: 'object' as const,
          properties: { path: { type: 'string' }, limit: { type: 'integer' } },
        },
      },
    ];
    const first = await client.messages.create({
      model,
      max_tokens: 500,
      tools,
      messages: ask('Look. [[sim:tool]]'),
    });
    const call = first.content.find((block) => block.type === 'tool_use');
    expect(first.stop_reason).toBe('tool_use');
    expect(call).toMatchObject({ name: 'read_file', input: { path: 'simulated', limit: 1 } });
    const second = await client.messages.create({
      model,
      max_tokens: 500,
      tools,
      messages: [
        ...ask('Look. [[sim:tool]]'),
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'twelve chars' }],
        },
      ],
    });
    expect(second.stop_reason).toBe('end_turn');
    expect(textOf(second)).toContain('12 characters');
  });

  it('is JSON alone where a schema is asked for, and marked within', async () => {
    const schema = {
      type: 'object' as const,
      properties: { title: { type: 'string' }, tags: { type: 'array', items: { enum: ['a'] } } },
    };
    const message = await client.messages.create({
      model,
      max_tokens: 500,
      messages: ask('Summarise'),
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(JSON.parse(textOf(message))).toEqual({ title: `[simulated ${model}]`, tags: ['a'] });
  });
});

describe('thinking', () => {
  const thinking = { type: 'adaptive' as const };

  it('comes with a signature that is accepted when the block is sent back', async () => {
    const first = await client.messages
      .stream({ model, max_tokens: 500, thinking, messages: ask('Why?') })
      .finalMessage();
    expect(first.content.map((block) => block.type)).toEqual(['thinking', 'text']);
    const again = await client.messages.create({
      model,
      max_tokens: 500,
      thinking,
      messages: [...ask('Why?'), { role: 'assistant', content: first.content }, ...ask('And then?')],
    });
    expect(again.stop_reason).toBe('end_turn');
  });

  it('is charged but not sent where its display is omitted', async () => {
    const request = { model, max_tokens: 500, messages: ask('Why?') };
    const shown = await client.messages.create({ ...request, thinking });
    const omitting = { ...request, thinking: { ...thinking, display: 'omitted' as const } };
    const hidden = [
      await client.messages.create(omitting),
      await client.messages.stream(omitting).finalMessage(),
    ];
    for (const message of hidden) {
      expect(message.content[0]).toMatchObject({ type: 'thinking', thinking: '' });
      expect(message.usage.output_tokens).toBe(shown.usage.output_tokens);
    }
  });
});

describe('the stream', () => {
  it('has the events of the real API in their order, with cumulative usage', async () => {
    claude.script.push({
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'ok' },
        { type: 'tool_use', name: 'run', input: { n: 1 } },
      ],
      usage: { cacheReadInputTokens: 7, cacheCreationInputTokens: 5 },
    });
    const types: string[] = [];
    const counts: number[] = [];
    for await (const event of await client.messages.create({
      model,
      max_tokens: 50,
      stream: true,
      messages: ask('x'),
      tools: [{ name: 'run', input_schema: { type: 'object' } }],
    })) {
      types.push(event.type === 'content_block_delta' ? event.delta.type : event.type);
      if (event.type === 'message_start') {
        expect(event.message.usage).toMatchObject({
          cache_read_input_tokens: 7,
          cache_creation_input_tokens: 5,
        });
        counts.push(event.message.usage.output_tokens);
      }
      if (event.type === 'message_delta') {
        expect(event.delta.stop_reason).toBe('tool_use');
        expect(event.usage).toMatchObject({ cache_read_input_tokens: 7, cache_creation_input_tokens: 5 });
        counts.push(event.usage.output_tokens);
      }
    }
    expect(types).toEqual([
      'message_start',
      ...['content_block_start', 'thinking_delta', 'signature_delta', 'content_block_stop'],
      ...['content_block_start', 'text_delta', 'content_block_stop'],
      ...['content_block_start', 'input_json_delta', 'content_block_stop'],
      'message_delta',
      'message_stop',
    ]);
    // 'hm', 'ok', 'run' and '{"n":1}' are 1 + 1 + 1 + 2 tokens.
    expect(counts).toEqual([1, 5]);
  });

  it('is written as event and data lines, with a ping', async () => {
    const response = await fetch(`${claude.url}/v1/messages?beta=true`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer token',
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ model, max_tokens: 5, stream: true, messages: ask('x') }),
    });
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(text).toContain('event: ping\ndata: {"type":"ping"}\n\n');
    expect(text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
    for (const event of text.trimEnd().split('\n\n')) {
      const [first = '', second = ''] = event.split('\n');
      expect(JSON.parse(second.replace('data: ', ''))).toMatchObject({ type: first.replace('event: ', '') });
    }
  });
});

describe('tokens', () => {
  it('are the same from count_tokens and in the usage', async () => {
    const request = {
      model,
      system: 'Be brief.',
      messages: ask('How many tokens is this?'),
      tools: [{ name: 'run', description: 'Runs it', input_schema: { type: 'object' as const } }],
    };
    const counted = await client.messages.countTokens(request);
    const message = await client.messages.create({ ...request, max_tokens: 100 });
    expect(message.usage.input_tokens).toBe(counted.input_tokens);
    expect(counted.input_tokens).toBeGreaterThan(10);
  });

  it('are billed as the answers report them, and count_tokens is free', async () => {
    claude.script.push({ text: 'hi', usage: { inputTokens: 100, cacheReadInputTokens: 20 } }, { text: 'ho' });
    const first = await client.messages.create({ model, max_tokens: 9, messages: ask('x') });
    const second = await client.messages.stream({ model, max_tokens: 9, messages: ask('y') }).finalMessage();
    await client.messages.countTokens({ model, messages: ask('z') });
    expect(fromApiUsage(first.usage)).toEqual({
      inputTokens: 100,
      cacheCreationInputTokens: 0,
      cacheReadInputTokens: 20,
      outputTokens: 1,
    });
    expect(claude.chargedTokens).toBe(
      chargedTokens(fromApiUsage(first.usage)) + chargedTokens(fromApiUsage(second.usage)),
    );
    expect(claude.requests.map((request) => [request.path, request.callIndex, request.outcome])).toEqual([
      ['/v1/messages', 0, 'completed'],
      ['/v1/messages', 1, 'completed'],
      ['/v1/messages/count_tokens', null, 'completed'],
    ]);
  });
});

describe('answers that are scripted', () => {
  it('come from respond, then from the script, then from the built-in answers', async () => {
    await using simulator = await startClaudeSimulator({
      script: [{ text: 'from the script' }],
      respond: ({ prompt }, callIndex) =>
        prompt === 'special' ? { text: `from respond ${callIndex}` } : undefined,
    });
    const answers: string[] = [];
    for (const task of ['a', 'special', 'b']) {
      const request = { model, max_tokens: 99, messages: ask(task) };
      answers.push(textOf(await clientOf(simulator).messages.create(request)).split('\n')[0] ?? '');
    }
    expect(answers).toEqual(['from the script', 'from respond 1', `[simulated ${model}]`]);
  });

  it('may only change the usage of the built-in answer', async () => {
    claude.script.push({ usage: { inputTokens: 4321 } });
    const message = await client.messages.create({ model, max_tokens: 99, messages: ask('x') });
    expect(message.usage.input_tokens).toBe(4321);
    expect(textOf(message)).toContain('[simulated');
  });
});

describe('the models', () => {
  it('are listed and found by their id', async () => {
    const ids: string[] = [];
    for await (const info of client.models.list()) ids.push(info.id);
    expect(ids).toContain(model);
    expect((await client.models.retrieve(model)).max_tokens).toBe(128_000);
  });
});

describe('the server', () => {
  it('says which port is taken', async () => {
    await expect(startClaudeSimulator({ port: claude.port })).rejects.toMatchObject({
      name: 'TeelammaError',
      code: 'port-taken',
      message: expect.stringContaining(`127.0.0.1:${claude.port}`),
    });
  });

  it('frees its port when it is closed, also while an answer stalls', async () => {
    claude.faults.always({ kind: 'stall' });
    const pending = client.messages.create({ model, max_tokens: 9, messages: ask('x') }).catch(String);
    await expect.poll(() => claude.requests[0]?.callIndex).toBe(0);
    await claude.close();
    expect(await pending).toContain('Connection error');
    await using successor = await startClaudeSimulator({ port: claude.port });
    expect(successor.port).toBe(claude.port);
  });

  it('answers the probes that Claude Code sends without a key', async () => {
    expect((await fetch(claude.url, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${claude.url}/api/hello`, { method: 'HEAD' })).status).toBe(404);
  });

  it('keeps only as many requests as it was told, and all of the bill', async () => {
    await using simulator = await startClaudeSimulator({ keepRequests: 1 });
    for (const task of ['a', 'b']) {
      await clientOf(simulator).messages.create({ model, max_tokens: 1, messages: ask(task) });
    }
    expect(simulator.requests.map((request) => request.callIndex)).toEqual([1]);
    expect(simulator.usageTotals.outputTokens).toBe(2);
  });

  it('sends the headers it was given, on errors too', async () => {
    await using simulator = await startClaudeSimulator({
      headers: { 'anthropic-ratelimit-requests-remaining': '3' },
    });
    const { response } = await clientOf(simulator)
      .messages.create({ model, max_tokens: 1, messages: ask('x') })
      .withResponse();
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('3');
    expect(response.headers.get('request-id')).toMatch(/^req_sim_/);
    const error = await fetch(`${simulator.url}/v1/nowhere`);
    expect(error.headers.get('anthropic-ratelimit-requests-remaining')).toBe('3');
  });
});
