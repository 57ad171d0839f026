import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OllamaSpecialist, type OllamaSpecialistOptions } from '../../src/agents/OllamaSpecialist.ts';
import { SpecialistError } from '../../src/agents/Specialist.ts';
import type { MessagesRequest } from '../../src/messages/types.ts';
import {
  type OllamaSimulator,
  type OllamaSimulatorOptions,
  startOllamaSimulator,
} from '../../src/simulators/start-ollama-simulator.ts';

const hello: MessagesRequest = { model: 'x', max_tokens: 1_000, messages: [{ role: 'user', content: 'hi' }] };
const withTools: MessagesRequest = {
  ...hello,
  tools: [
    {
      name: 'read_file',
      description: 'Reads a file',
      input_schema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ],
};
const never = new AbortController().signal;

let ollama: OllamaSimulator;
let notes: string[];
beforeEach(async () => {
  notes = [];
  ollama = await startOllamaSimulator();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await ollama.close();
});

async function restart(options: OllamaSimulatorOptions): Promise<void> {
  await ollama.close();
  ollama = await startOllamaSimulator(options);
}

function specialist(options: Partial<OllamaSpecialistOptions> = {}): OllamaSpecialist {
  const limits = { timeoutMs: 20_000, stallTimeoutMs: 20_000 };
  return new OllamaSpecialist(
    { model: 'qwen3:8b', host: ollama.url, ...limits, ...options },
    { onNotes: (added) => notes.push(...added) },
  );
}

async function failureOf(promise: Promise<unknown>): Promise<SpecialistError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SpecialistError)) throw new Error(`no SpecialistError: ${String(error)}`);
  return error;
}

const promptOf = (characters: number): MessagesRequest => ({
  ...hello,
  messages: [{ role: 'user', content: 'some words '.repeat(characters / 11) }],
});
const bodies = () =>
  ollama.requests
    .filter((request) => request.path === '/api/chat')
    .map((request) => request.body as { options: Record<string, number> } & Record<string, unknown>);

describe('OllamaSpecialist', () => {
  it('forbids truncation, and passes on how long the model stays loaded', async () => {
    await specialist({ keepAlive: '10m' }).send(hello, { signal: never });
    expect(bodies()[0]).toMatchObject({ truncate: false, shift: false, stream: true, keep_alive: '10m' });
    expect(ollama.requests.some((request) => request.promptTruncated)).toBe(false);
  });

  it('sizes the context from the request in steps, so that the model is not loaded anew each time', async () => {
    const one = specialist();
    await one.send(hello, { signal: never });
    await one.send({ ...hello, max_tokens: 2_000 }, { signal: never });
    await one.send(promptOf(30_000), { signal: never });
    expect(bodies().map((body) => body.options['num_ctx'])).toEqual([4_096, 4_096, 16_384]);
    expect(ollama.loads).toHaveLength(2);
  });

  it('does not fill the memory for an output that nobody uses', async () => {
    await specialist().send({ ...hello, max_tokens: 128_000 }, { signal: never });
    const { num_ctx: contextTokens, num_predict: outputTokens } = bodies()[0]?.options ?? {};
    expect(contextTokens).toBe(32_768);
    expect(outputTokens).toBeLessThanOrEqual(32_768);
  });

  it('stays below the context of the model and below what is configured', async () => {
    await specialist().send({ ...promptOf(80_000), max_tokens: 20_000 }, { signal: never });
    await specialist({ maxContextTokens: 6_000 }).send({ ...hello, max_tokens: 9_000 }, { signal: never });
    expect(bodies().map((body) => body.options['num_ctx'])).toEqual([40_960, 6_000]);
  });

  it('refuses a prompt that cannot fit before it sends it, with both figures', async () => {
    const error = await failureOf(specialist().send(promptOf(2_000_000), { signal: never }));
    expect(error).toMatchObject({ failure: 'context-too-long', reached: 'not-sent' });
    expect(error.message).toMatch(/\d{6} tokens.* 40960 tokens/);
    expect(bodies()).toEqual([]);
  });

  it('reports a prompt that Ollama finds too long, and does not cut it', async () => {
    await restart({ models: [{ name: 'qwen3:8b', contextTokens: 2_048, capabilities: ['completion'] }] });
    const error = await failureOf(specialist().send(promptOf(14_000), { signal: never }));
    expect(error).toMatchObject({ failure: 'context-too-long' });
    expect(error.message).toMatch(/\d+ tokens.* 2048 tokens/);
    expect(ollama.requests.some((request) => request.promptTruncated)).toBe(false);
  });

  it('takes a larger context where its estimate was too small for the text', async () => {
    // One token a byte: the worst a tokenizer can do, three times the estimate.
    const server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const body = JSON.parse(text) as { options?: { num_ctx: number } };
      if (request.url === '/api/show') {
        response.end(JSON.stringify({ model_info: { 'x.context_length': 131_072 }, capabilities: [] }));
      } else if ((body.options?.num_ctx ?? 0) < text.length) {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: 'the input length exceeds the context length' }));
      } else {
        response.end(`${JSON.stringify({ message: { role: 'assistant', content: 'fits' }, done: true })}\n`);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const message = await specialist({ host: `127.0.0.1:${port}` }).send(promptOf(20_000), { signal: never });
    expect(message.content).toMatchObject([{ text: 'fits' }]);
    // This server counts nothing, so the usage is an estimate, never NaN.
    expect(message.usage.input_tokens).toBeGreaterThan(1_000);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks what the model can do once', async () => {
    const one = specialist();
    await one.send(hello, { signal: never });
    await one.send(hello, { signal: never });
    expect(ollama.requests.filter((request) => request.path === '/api/show')).toHaveLength(1);
  });

  it('names the exact command for a model that is missing, and finds it once it is there', async () => {
    const error = await failureOf(specialist({ model: 'gemma9:27b' }).send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'model-missing', reached: 'refused', status: 404 });
    expect(error.message).toContain('`ollama pull gemma9:27b`');
  });

  it('says how to start a server that does not run', async () => {
    await ollama.close();
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'unreachable', reached: 'not-sent' });
    expect(error.message).toContain('`ollama serve`');
    expect(error.message).toContain(ollama.url);
  });

  it('does not take a server that is no Ollama for a missing model', async () => {
    const error = await failureOf(
      specialist({ host: `${ollama.url}/elsewhere` }).send(hello, { signal: never }),
    );
    expect(error).toMatchObject({ failure: 'invalid-request', status: 404 });
  });

  it('gives thinking as a block without a signature', async () => {
    ollama.script.push({
      content: [
        { type: 'thinking', thinking: 'Hmm.' },
        { type: 'text', text: 'Yes.' },
      ],
    });
    const request: MessagesRequest = { ...hello, thinking: { type: 'adaptive' } };
    const message = await specialist().send(request, { signal: never });
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Hmm.', signature: '' },
      { type: 'text', text: 'Yes.' },
    ]);
  });

  it.each(['json', 'fenced', 'tagged'] as const)(
    'recognises a tool call written as text (%s)',
    async (form) => {
      ollama.script.push({
        content: [{ type: 'tool_use', name: 'read_file', input: { path: 'a.ts' } }],
        fault: { kind: 'tool-call-as-text', form },
      });
      const message = await specialist().send(withTools, { signal: never });
      expect(message.stop_reason).toBe('tool_use');
      expect(message.content.at(-1)).toMatchObject({ name: 'read_file', input: { path: 'a.ts' } });
    },
  );

  it('works with tools on a model without tool calling, and says what it did', async () => {
    await restart({ models: [{ name: 'qwen3:8b', contextTokens: 8_192, capabilities: ['completion'] }] });
    ollama.script.push({
      text: 'I look.\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a.ts"}}\n</tool_call>',
    });
    const message = await specialist().send(withTools, { signal: never });
    expect(message.content.at(-1)).toMatchObject({ type: 'tool_use', input: { path: 'a.ts' } });
    expect(bodies()[0]?.['tools']).toBeUndefined();
    expect(notes.join()).toContain('no tool calling');
  });

  it('estimates usage that Ollama leaves out', async () => {
    ollama.script.push({ text: 'some answer', usage: 'absent' });
    const message = await specialist().send(hello, { signal: never });
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  it('does not read a file whose path an image pretends to be', async () => {
    await restart({
      models: [{ name: 'qwen3:8b', contextTokens: 8_192, capabilities: ['completion', 'vision'] }],
    });
    const source = { type: 'base64', media_type: 'image/png', data: '/etc/hostname' } as const;
    const request: MessagesRequest = {
      ...hello,
      messages: [{ role: 'user', content: [{ type: 'image', source }] }],
    };
    await specialist().send(request, { signal: never });
    expect(bodies()[0]).toMatchObject({ messages: [{ images: ['/etc/hostname'] }] });
  });

  it('prints nothing, whatever goes wrong', async () => {
    const prints = (['log', 'warn', 'error'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => undefined),
    );
    for (const kind of ['malformed', 'bad-gateway', 'server-error', 'model-missing', 'end-early'] as const) {
      ollama.faults.next(kind === 'end-early' ? { kind, afterEvents: 2 } : { kind });
      await failureOf(specialist().send(hello, { signal: never }));
    }
    for (const print of prints) expect(print).not.toHaveBeenCalled();
  });

  it('sends nothing for a conversation without content', async () => {
    const error = await failureOf(specialist().send({ ...hello, messages: [] }, { signal: never }));
    expect(error).toMatchObject({ failure: 'invalid-request', reached: 'not-sent' });
    expect(bodies()).toEqual([]);
  });

  it('cannot count tokens without an answer', async () => {
    expect(await specialist().countInputTokens()).toBeNull();
  });

  it('refuses a host that is no address when it is made', () => {
    expect(() => specialist({ host: 'not a host' })).toThrow(/OLLAMA_HOST/);
  });
});
