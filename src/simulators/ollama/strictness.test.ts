import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OllamaSimulator, startOllamaSimulator } from '../start-ollama-simulator.ts';

const user = { role: 'user', content: 'Hello' };
const request = { model: 'qwen3:8b', messages: [user], stream: false };
const tools = [{ type: 'function', function: { name: 'run' } }];

let ollama: OllamaSimulator;
beforeAll(async () => {
  ollama = await startOllamaSimulator({
    models: [
      { name: 'qwen3:8b', contextTokens: 40_960, capabilities: ['completion', 'tools', 'thinking'] },
      { name: 'gemma3:4b', contextTokens: 8192, capabilities: ['completion', 'vision'] },
      { name: 'embedder', contextTokens: 512, capabilities: [] },
    ],
  });
});
afterAll(() => ollama.close());

async function post(body: unknown, path = '/api/chat') {
  const response = await fetch(ollama.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text };
}

function calling(args: unknown) {
  const call = {
    role: 'assistant',
    content: '',
    tool_calls: [{ function: { name: 'run', arguments: args } }],
  };
  return { ...request, messages: [user, call, { role: 'tool', content: 'done' }] };
}

describe('what is refused', () => {
  const cases: [string, unknown, number, string][] = [
    ['no body', '', 400, 'missing request body'],
    ['no JSON', '{"model"', 400, 'invalid character'],
    ['no object', [], 400, 'json: cannot unmarshal array into Go value of type api.ChatRequest'],
    ['no model', { ...request, model: undefined }, 400, 'model is required'],
    ['an empty model', { ...request, model: '' }, 400, 'model is required'],
    ['a model that is not installed', { ...request, model: 'x:1b' }, 404, "model 'x:1b' not found"],
    [
      'arguments that are text',
      calling('{"n":1}'),
      400,
      'json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type ' +
        'api.ToolCallFunctionArguments',
    ],
    [
      'content in blocks',
      { ...request, messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] },
      400,
      'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string',
    ],
    ['a stream that is text', { ...request, stream: 'no' }, 400, 'ChatRequest.stream of type bool'],
    [
      'an unknown role',
      { ...request, messages: [{ role: 'bot', content: 'x' }] },
      400,
      'invalid role: "bot"',
    ],
    ['an unknown think value', { ...request, think: 'hard' }, 400, 'invalid think value: "hard"'],
    ['a strange keep_alive', { ...request, keep_alive: 'soon' }, 400, 'time: invalid duration "soon"'],
    ['a strange format', { ...request, format: 'xml' }, 500, 'invalid format: "xml"'],
    [
      'num_ctx as text',
      { ...request, options: { num_ctx: '8192' } },
      500,
      'option "num_ctx" must be of type integer',
    ],
    ['temperature as text', { ...request, options: { temperature: 'x' } }, 500, 'must be of type float32'],
    ['stop as text', { ...request, options: { stop: 'x' } }, 500, 'option "stop" must be of type array'],
    [
      'tools for a model without them',
      { ...request, model: 'gemma3:4b', tools },
      400,
      'registry.ollama.ai/library/gemma3:4b does not support tools',
    ],
    [
      'thinking without the capability',
      { ...request, model: 'gemma3:4b', think: true },
      400,
      '"gemma3:4b" does not support thinking',
    ],
    [
      'chat without the capability',
      { ...request, model: 'embedder' },
      400,
      '"embedder" does not support chat',
    ],
    ['images without vision', { ...request, messages: [{ ...user, images: ['aGk='] }] }, 500, 'image input'],
  ];
  it.each(cases)('%s', async (_name, body, status, message) => {
    const answer = await post(body);
    expect((JSON.parse(answer.text) as { error: string }).error).toContain(message);
    expect(answer.status).toBe(status);
  });

  it('an error comes with its status although a stream was asked for', async () => {
    const answer = await post({ ...request, stream: true, model: 'x' });
    expect(answer).toEqual({ status: 404, text: '{"error":"model \'x\' not found"}' });
  });

  it('a model that /api/show does not know', async () => {
    expect(await post({ model: 'x' }, '/api/show')).toEqual({
      status: 404,
      text: '{"error":"model \'x\' not found"}',
    });
    expect((await post({}, '/api/show')).status).toBe(400);
  });

  it('a path or a method that does not exist', async () => {
    expect(await post(request, '/api/complete')).toEqual({ status: 404, text: '404 page not found' });
    expect((await post(request, '/api/tags')).status).toBe(405);
    expect((await fetch(`${ollama.url}/api/chat`)).status).toBe(405);
  });
});

describe('what is accepted', () => {
  const cases: [string, unknown][] = [
    ['arguments that are an object', calling({ n: 1 })],
    ['fields and options that are not known', { ...request, anything: 1, options: { num_magic: 'x' } }],
    ['think: false for a model that cannot', { ...request, model: 'gemma3:4b', think: false }],
    [
      'images for a model with vision',
      { ...request, model: 'gemma3:4b', messages: [{ ...user, images: ['aGk='] }] },
    ],
    ['durations and seconds to keep alive', { ...request, keep_alive: '1h30m' }],
    ['a model by its name without latest', { ...request, model: 'qwen3:8b', keep_alive: -1 }],
  ];
  it.each(cases)('%s', async (_name, body) => {
    const answer = await post(body);
    expect(answer.text).toContain('"done":true');
    expect(answer.status).toBe(200);
  });

  it('streams where nothing is said of it', async () => {
    const answer = await post({ ...request, stream: undefined });
    expect(answer.text.trimEnd().split('\n').length).toBeGreaterThan(2);
  });
});
