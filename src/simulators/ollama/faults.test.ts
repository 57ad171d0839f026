import { Ollama, type Tool } from 'ollama';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../fault.ts';
import { type OllamaSimulator, startOllamaSimulator } from '../start-ollama-simulator.ts';

const request = {
  model: 'qwen3:8b',
  messages: [{ role: 'user', content: 'Explain the ledger.' }],
  think: false,
};
const tools: Tool[] = [
  {
    type: 'function',
    function: { name: 'run', parameters: { type: 'object', properties: { path: { type: 'string' } } } },
  },
];

let ollama: OllamaSimulator;
let client: Ollama;
beforeEach(async () => {
  ollama = await startOllamaSimulator();
  client = new Ollama({ host: ollama.url });
  // The client library writes to the console where an answer is not as it should be.
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await ollama.close();
});

async function streamed(from = client): Promise<string> {
  let text = '';
  for await (const part of await from.chat({ ...request, stream: true })) text += part.message.content;
  return text;
}

describe('error answers', () => {
  const cases: [Fault, object][] = [
    [{ kind: 'rate-limited' }, { status_code: 429 }],
    [{ kind: 'overloaded' }, { status_code: 503, error: expect.stringContaining('server busy') }],
    [{ kind: 'server-error' }, { status_code: 500, error: expect.stringContaining('terminated') }],
    [{ kind: 'model-missing' }, { status_code: 404, error: "model 'qwen3:8b' not found" }],
    [
      { kind: 'status', status: 418, message: 'tea' },
      { status_code: 418, error: 'tea' },
    ],
    [{ kind: 'bad-gateway' }, { status_code: 502, error: expect.stringContaining('<html>') }],
  ];
  it.each(cases)('%o reaches the client and passes', async (fault, expected) => {
    ollama.faults.next(fault);
    await expect(streamed()).rejects.toMatchObject(expected);
    expect(ollama.requests[0]).toMatchObject({ fault, billed: null });
    await expect(streamed()).resolves.toContain('[simulated qwen3:8b]');
  });
});

describe('streams', () => {
  it('end with an error line under status 200', async () => {
    ollama.faults.next({ kind: 'error-event', afterEvents: 2, message: 'out of memory' });
    await expect(streamed()).rejects.toThrow('out of memory');
    expect(ollama.requests[0]).toMatchObject({ status: 200, outcome: 'completed' });
  });

  it('have that error as status 500 where nothing is streamed', async () => {
    ollama.faults.next({ kind: 'error-event', message: 'out of memory' });
    await expect(client.chat(request)).rejects.toMatchObject({ status_code: 500, error: 'out of memory' });
  });

  it('lose a line that does not parse, without an error: the client library skips it', async () => {
    const whole = await streamed();
    ollama.faults.next({ kind: 'malformed', afterEvents: 1 });
    const lossy = await streamed();
    expect(lossy.length).toBeLessThan(whole.length);
    expect(whole.startsWith(lossy.slice(0, 10))).toBe(true);
  });

  it('break off', async () => {
    ollama.faults.next({ kind: 'disconnect', afterEvents: 2 });
    await expect(streamed()).rejects.toThrow('terminated');
    expect(ollama.requests[0]).toMatchObject({ status: 200, outcome: 'cut' });
    ollama.faults.next({ kind: 'disconnect' });
    await expect(streamed()).rejects.toThrow('fetch failed');
    expect(ollama.requests[1]).toMatchObject({ status: null, outcome: 'cut' });
  });

  it('end in good order without their last line', async () => {
    for (const fault of [{ kind: 'end-early', afterEvents: 2 }, { kind: 'empty-body' }] as const) {
      ollama.faults.next(fault);
      await expect(streamed()).rejects.toThrow('Did not receive done');
    }
  });

  it('are slow and whole', async () => {
    const whole = await streamed();
    ollama.faults.next({ kind: 'slow', beforeMs: 5, betweenMs: 1 });
    expect(await streamed()).toBe(whole);
  });

  it('go silent until the client gives up', async () => {
    ollama.faults.next({ kind: 'stall', afterEvents: 1 });
    const parts = await client.chat({ ...request, stream: true });
    const reading = (async () => {
      for await (const _part of parts) parts.abort();
    })();
    await expect(reading).rejects.toThrow('abort');
    await expect.poll(() => ollama.requests[0]?.outcome).toBe('client-disconnected');
  });
});

it('records a client that leaves before it has read a long answer', async () => {
  ollama.script.push({ text: 'x'.repeat(32 * 1024 * 1024) });
  const leaving = new AbortController();
  const response = await fetch(`${ollama.url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({ ...request, stream: false }),
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  leaving.abort();
  await expect.poll(() => ollama.requests[0]?.outcome).toBe('client-disconnected');
});

describe('tool calls', () => {
  const withTools = { ...request, tools };

  it.each([
    ['json', '{"name": "run", "arguments": {"path":"simulated"}}'],
    ['fenced', 'I will use a tool.\n\n```json\n{"name": "run", "arguments": {"path":"simulated"}}\n```'],
    ['tagged', '<tool_call>\n{"name": "run", "arguments": {"path":"simulated"}}\n</tool_call>'],
  ] as const)('come as text, %s', async (form, text) => {
    ollama.faults.next({ kind: 'tool-call-as-text', form });
    const answer = await client.chat(withTools);
    expect(answer.message).toEqual({ role: 'assistant', content: text });
  });

  it('with broken JSON come as text, since the server cannot parse them', async () => {
    ollama.faults.next({ kind: 'broken-tool-json' });
    const answer = await client.chat(withTools);
    expect(answer.message.content).toBe('{"name": "run", "arguments": {"path":"simulated",}');
  });

  it('of the script are spoilt in the same way', async () => {
    ollama.script.push({
      content: [{ type: 'tool_use', name: 'run', input: { path: 'a' } }],
      fault: { kind: 'tool-call-as-text' },
    });
    const answer = await client.chat(withTools);
    expect(answer.message.content).toBe('{"name": "run", "arguments": {"path":"a"}}');
  });
});

it('reads its own markers and not those for Claude', async () => {
  const asking = (content: string) => client.chat({ ...request, messages: [{ role: 'user', content }] });
  await expect(asking('x [[sim-ollama:500]]')).rejects.toMatchObject({ status_code: 500 });
  await expect(asking('x [[sim:500]]')).resolves.toMatchObject({ done_reason: 'stop' });
  const afterTools = await client.chat({
    ...request,
    messages: [
      { role: 'user', content: 'x [[sim-ollama:500]]' },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'run', arguments: {} } }] },
      { role: 'tool', content: 'ok' },
    ],
  });
  expect(afterTools.done_reason).toBe('stop');
  const refusal = await asking('x [[sim-ollama:refuse]]');
  expect(refusal.message.content).toMatch(/^I'm sorry, but I can't help with that/);
});
