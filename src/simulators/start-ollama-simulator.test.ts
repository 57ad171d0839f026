import { type ChatRequest, Ollama, type Tool } from 'ollama';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OllamaSimulator, startOllamaSimulator } from './start-ollama-simulator.ts';

const model = 'qwen3:8b';
const ask = (content: string) => [{ role: 'user', content }];
const tools: Tool[] = [
  {
    type: 'function',
    function: { name: 'run', parameters: { type: 'object', properties: { n: { type: 'integer' } } } },
  },
];

let ollama: OllamaSimulator;
let client: Ollama;
beforeEach(async () => {
  ollama = await startOllamaSimulator();
  client = new Ollama({ host: ollama.url });
});
afterEach(() => ollama.close());

async function streamed(request: ChatRequest) {
  const parts = [];
  for await (const part of await client.chat({ ...request, stream: true })) parts.push(part);
  return parts;
}

describe('an answer', () => {
  it('is marked as simulated, and the same streamed or not', async () => {
    const request = { model, messages: ask('Write a Java function that sorts names'), think: false };
    const whole = await client.chat(request);
    const parts = await streamed(request);
    expect(whole.message.content.split('\n')[0]).toBe(`[simulated ${model}]`);
    expect(whole.message.content).toContain('```java\nclass SortsNames {');
    expect(parts.map((part) => part.message.content).join('')).toBe(whole.message.content);
    expect(parts.at(-1)).toMatchObject({
      done: true,
      done_reason: 'stop',
      prompt_eval_count: whole.prompt_eval_count,
      eval_count: whole.eval_count,
    });
    const { total_duration, load_duration, prompt_eval_duration, eval_duration } = whole;
    expect(total_duration).toBe(load_duration + prompt_eval_duration + eval_duration);
    expect(eval_duration).toBeGreaterThan(0);
    expect(parts.slice(0, -1).every((part) => !part.done)).toBe(true);
  });

  it('thinks unless it is told not to', async () => {
    const thinking = await client.chat({ model, messages: ask('Why?') });
    expect(thinking.message.thinking).toContain('simulation');
    const parts = await streamed({ model, messages: ask('Why?'), think: true });
    expect(parts.map((part) => part.message.thinking ?? '').join('')).toBe(thinking.message.thinking);
    const silent = await client.chat({ model, messages: ask('Why?'), think: false });
    expect(silent.message.thinking).toBeUndefined();
  });

  it('is cut at num_predict, with the reason length', async () => {
    const answer = await client.chat({
      model,
      messages: ask('Explain. [[sim-ollama:tokens=100]]'),
      think: false,
      options: { num_predict: 10 },
    });
    expect(answer.done_reason).toBe('length');
    expect(answer.eval_count).toBe(10);
    expect(answer.message.content).toHaveLength(40);
  });

  it('is cut at the end of the context where it may not shift', async () => {
    const request = {
      model,
      messages: ask('x'.repeat(360)),
      think: false,
      shift: false,
      options: { num_ctx: 100 },
    };
    ollama.script.push({ text: 'y'.repeat(400) });
    const answer = await client.chat(request);
    expect(answer.prompt_eval_count).toBe(94);
    expect(answer.eval_count).toBe(6);
    expect(answer.done_reason).toBe('length');
  });

  it('ends before a stop text', async () => {
    ollama.script.push({ text: 'one two' });
    const answer = await client.chat({ model, messages: ask('x'), options: { stop: [' two'] } });
    expect(answer.message.content).toBe('one');
  });

  it('calls a tool with an object of arguments, and goes on after the result', async () => {
    const first = await streamed({
      model,
      messages: ask('Go. [[sim-ollama:tool=run]]'),
      tools,
      think: false,
    });
    const calls = first.flatMap((part) => part.message.tool_calls ?? []);
    expect(calls).toMatchObject([{ function: { name: 'run', arguments: { n: 1 } } }]);
    const second = await client.chat({
      model,
      tools,
      messages: [
        ...ask('Go. [[sim-ollama:tool=run]]'),
        { role: 'assistant', content: '', tool_calls: calls },
        { role: 'tool', content: 'twelve chars', tool_name: 'run' },
      ],
    });
    expect(second.message.tool_calls).toBeUndefined();
    expect(second.message.content).toContain('12 characters');
  });

  it('is JSON alone where a format is asked for, and marked within', async () => {
    const any = await client.chat({ model, messages: ask('x'), format: 'json' });
    expect(JSON.parse(any.message.content)).toMatchObject({ simulated: model });
    const schema = { type: 'object', properties: { title: { type: 'string' } } };
    const fitting = await client.chat({ model, messages: ask('x'), format: schema });
    expect(JSON.parse(fitting.message.content)).toEqual({ title: `[simulated ${model}]` });
  });

  it('may leave out the counts', async () => {
    ollama.script.push({ text: 'hi', usage: 'absent' });
    const last = (await streamed({ model, messages: ask('x') })).at(-1);
    expect(last).toMatchObject({ done: true });
    expect(last?.eval_count).toBeUndefined();
    expect(last?.prompt_eval_count).toBeUndefined();
    expect(ollama.usageTotals.outputTokens).toBe(1);
  });

  it('comes from respond with the context that the model is loaded with', async () => {
    await using own = await startOllamaSimulator({
      defaultContextTokens: 2048,
      respond: ({ contextTokens, promptTokens }) => ({ text: `${contextTokens} ${promptTokens}` }),
    });
    const answer = await new Ollama({ host: own.url }).chat({ model, messages: ask('four') });
    expect(answer.message.content).toBe('2048 5');
  });
});

describe('the context', () => {
  const long = 'word '.repeat(80);
  const conversation = [
    { role: 'system', content: 'Rules' },
    { role: 'user', content: `old ${long}` },
    { role: 'assistant', content: `answer ${long}` },
    { role: 'user', content: 'new' },
  ];
  const options = { num_ctx: 120 };

  it('silently drops the oldest messages by default, never the system message', async () => {
    const prompts: number[] = [];
    await using own = await startOllamaSimulator({
      respond: ({ promptTokens }) => {
        prompts.push(promptTokens);
        return { text: 'ok' };
      },
    });
    const ownClient = new Ollama({ host: own.url });
    const answer = await ownClient.chat({ model, messages: conversation, options });
    // system 4 + 2, assistant 4 + 102, user 4 + 1
    expect(answer.prompt_eval_count).toBe(117);
    expect(own.requests[0]).toMatchObject({ promptTruncated: true, status: 200 });
    await ownClient.chat({ model, messages: conversation.slice(-1), options });
    expect(own.requests[1]).toMatchObject({ promptTruncated: false });
    expect(prompts).toEqual([117, 5]);
  });

  it('keeps a tool result together with its call, even where both are too long', async () => {
    const exchange = (argument: string) => [
      { role: 'user', content: long },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'run', arguments: { argument } } }],
      },
      { role: 'tool', content: 'done' },
    ];
    const fitting = { model, tools, options: { num_ctx: 60 }, messages: exchange('short') };
    // tools 18, call 4 + 10, result 4 + 1
    expect((await client.chat(fitting)).prompt_eval_count).toBe(37);
    const tooLong = { ...fitting, messages: exchange(long) };
    // Without its call the result alone would fit; so the front of the prompt goes, down to half.
    expect((await client.chat(tooLong)).prompt_eval_count).toBe(32);
    expect(ollama.requests.map((request) => request.promptTruncated)).toEqual([true, true]);
  });

  it('loses the front of a last message that is too long by itself, down to half', async () => {
    const answer = await client.chat({ model, messages: ask(long.repeat(4)), options: { num_ctx: 104 } });
    expect(answer.prompt_eval_count).toBe(54);
    expect(ollama.requests[0]?.promptTruncated).toBe(true);
  });

  it('refuses with both numbers where it may not truncate', async () => {
    const request: ChatRequest & { truncate: boolean } = {
      model,
      messages: conversation,
      truncate: false,
      options,
    };
    await expect(client.chat({ ...request, stream: false })).rejects.toMatchObject({
      status_code: 400,
      error: expect.stringMatching(
        /request \(\d+ tokens\) exceeds the available context size \(120 tokens\).*exceed_context_size_error/,
      ),
    });
    expect(ollama.requests[0]?.billed).toBeNull();
  });

  it('refuses a prompt that is too long by itself where it may not shift', async () => {
    const request: ChatRequest & { shift: boolean } = {
      model,
      messages: ask(long.repeat(4)),
      shift: false,
      options,
    };
    await expect(client.chat({ ...request, stream: false })).rejects.toMatchObject({
      status_code: 400,
      error: expect.stringContaining('the prompt is longer than the context length'),
    });
  });

  it('is 4,096 by default, never above what the model was trained for, and loaded again when it changes', async () => {
    for (const num_ctx of [undefined, 8192, 8192, 100_000]) {
      await client.chat({ model, messages: ask('x'), options: num_ctx === undefined ? {} : { num_ctx } });
    }
    expect(ollama.loads.map((load) => load.contextTokens)).toEqual([4096, 8192, 40_960]);
  });
});

describe('the other endpoints', () => {
  it('show a model with its context length and capabilities', async () => {
    const shown = (await client.show({ model })) as unknown as {
      model_info: Record<string, unknown>;
      capabilities: string[];
    };
    expect(shown.model_info['qwen3.context_length']).toBe(40_960);
    expect(shown.model_info['general.architecture']).toBe('qwen3');
    expect(shown.capabilities).toEqual(['completion', 'tools', 'thinking']);
  });

  it('list what is installed, and what is loaded until it is put out', async () => {
    await using own = await startOllamaSimulator({
      models: [
        { name: 'tiny', contextTokens: 2048, capabilities: ['completion'], architecture: 'llama' },
        { name: 'qwen3:8b', contextTokens: 40_960, capabilities: ['completion'] },
      ],
    });
    const ownClient = new Ollama({ host: own.url });
    expect((await ownClient.list()).models.map((listed) => listed.name)).toEqual(['tiny:latest', 'qwen3:8b']);
    expect((await ownClient.ps()).models).toEqual([]);
    const loaded = await ownClient.chat({ model: 'tiny', messages: [] });
    expect(loaded.done_reason).toBe('load');
    expect((await ownClient.ps()).models).toMatchObject([{ name: 'tiny:latest', context_length: 2048 }]);
    const unloaded = await ownClient.chat({ model: 'tiny', messages: [], keep_alive: 0 });
    expect(unloaded.done_reason).toBe('unload');
    expect((await ownClient.ps()).models).toEqual([]);
  });

  it('say the version, and that the server is there', async () => {
    expect(await client.version()).toEqual({ version: '0.33.3' });
    expect(await (await fetch(ollama.url)).text()).toBe('Ollama is running');
  });

  it('say which port is taken', async () => {
    await expect(startOllamaSimulator({ port: ollama.port })).rejects.toMatchObject({ code: 'port-taken' });
  });
});
