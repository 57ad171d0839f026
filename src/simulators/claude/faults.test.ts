import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../fault.ts';
import { type ClaudeSimulator, startClaudeSimulator } from '../start-claude-simulator.ts';

const model = 'claude-sonnet-5-5';
const messages = [{ role: 'user' as const, content: 'Explain the ledger.' }];
const request = { model, max_tokens: 200, messages };
const tools = [
  { name: 'run', input_schema: { type: 'object' as const, properties: { path: { type: 'string' } } } },
];

let claude: ClaudeSimulator;
let client: Anthropic;
beforeEach(async () => {
  claude = await startClaudeSimulator();
  client = new Anthropic({ baseURL: claude.url, apiKey: 'k', maxRetries: 0, logLevel: 'off' });
});
afterEach(() => claude.close());

function streamed(): Promise<Anthropic.Message> {
  return client.messages.stream(request).finalMessage();
}

describe('error answers', () => {
  const cases: [Fault, unknown][] = [
    [{ kind: 'rate-limited' }, { status: 429, type: 'rate_limit_error' }],
    [{ kind: 'overloaded' }, { status: 529, type: 'overloaded_error' }],
    [{ kind: 'server-error' }, { status: 500, type: 'api_error' }],
    [{ kind: 'model-missing' }, { status: 404, type: 'not_found_error' }],
    [
      { kind: 'status', status: 403, message: 'No' },
      { status: 403, type: 'authentication_error' },
    ],
    [{ kind: 'bad-gateway' }, { status: 502 }],
  ];
  it.each(cases)('%o reaches the client, costs nothing and passes', async (fault, expected) => {
    claude.faults.next(fault);
    await expect(streamed()).rejects.toMatchObject(expected as object);
    expect(claude.requests[0]).toMatchObject({ fault, outcome: 'completed', billed: null });
    expect(claude.chargedTokens).toBe(0);
    await expect(client.messages.create(request)).resolves.toMatchObject({ stop_reason: 'end_turn' });
  });

  it('says when to come back', async () => {
    claude.faults.next({ kind: 'rate-limited', retryAfterSeconds: 30 });
    const error: unknown = await streamed().catch((caught: unknown) => caught);
    expect((error as InstanceType<typeof Anthropic.RateLimitError>).headers?.get('retry-after')).toBe('30');
  });

  it('has a body of HTML behind a bad gateway', async () => {
    claude.faults.next({ kind: 'bad-gateway' });
    await expect(streamed()).rejects.toThrow(/<html>/);
  });
});

describe('connections that end', () => {
  it('before the headers: the input is billed', async () => {
    claude.faults.next({ kind: 'disconnect' });
    await expect(streamed()).rejects.toBeInstanceOf(Anthropic.APIConnectionError);
    expect(claude.requests[0]).toMatchObject({ status: null, outcome: 'cut', billed: { outputTokens: 0 } });
    expect(claude.usageTotals.inputTokens).toBeGreaterThan(0);
  });

  it('within the stream: what was generated until then is billed', async () => {
    claude.faults.next({ kind: 'disconnect', afterEvents: 5 });
    const events: string[] = [];
    const reading = async () => {
      for await (const event of await client.messages.create({ ...request, stream: true }))
        events.push(event.type);
    };
    await expect(reading()).rejects.toThrow();
    // The ping is among the five and is not handed on by the SDK.
    expect(events).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
    ]);
    const whole = await client.messages.create(request);
    expect(claude.requests[0]).toMatchObject({ status: 200, outcome: 'cut' });
    const billed = claude.requests[0]?.billed?.outputTokens ?? 0;
    expect(billed).toBeGreaterThan(1);
    expect(billed).toBeLessThan(whole.usage.output_tokens);
  });

  it('never lets the end of the stream through, however many events it is to come after', async () => {
    claude.faults.next({ kind: 'disconnect', afterEvents: 10_000 });
    await expect(streamed()).rejects.toThrow();
    expect(claude.requests[0]).toMatchObject({ outcome: 'cut' });
  });

  it('in good order, but early', async () => {
    claude.faults.next({ kind: 'end-early', afterEvents: 4 });
    await expect(streamed()).rejects.toThrow(/stream ended|without/);
    expect(claude.requests[0]?.outcome).toBe('completed');
  });

  it('without a body at all', async () => {
    claude.faults.next({ kind: 'empty-body' });
    await expect(streamed()).rejects.toThrow(/without sending any chunks/);
    claude.faults.next({ kind: 'empty-body' });
    const response = await client.messages.create(request).asResponse();
    expect(await response.text()).toBe('');
  });

  it('within a body that is not streamed', async () => {
    claude.faults.next({ kind: 'malformed' });
    await expect(client.messages.create(request)).rejects.toThrow(/JSON/);
  });
});

describe('streams that are wrong', () => {
  it('hold an event that does not parse', async () => {
    claude.faults.next({ kind: 'malformed', afterEvents: 4 });
    await expect(streamed()).rejects.toThrow(/JSON/);
  });

  it('report an error under status 200, and bill what was generated', async () => {
    claude.faults.next({ kind: 'error-event', afterEvents: 5, message: 'Too busy' });
    await expect(streamed()).rejects.toMatchObject({ type: 'overloaded_error', message: /Too busy/ });
    expect(claude.requests[0]).toMatchObject({ status: 200, outcome: 'completed' });
    expect(claude.requests[0]?.billed?.outputTokens).toBeGreaterThan(1);
  });
});

describe('slowness', () => {
  it('lets the whole answer through', async () => {
    const whole = await client.messages.create(request);
    claude.faults.next({ kind: 'slow', beforeMs: 5, betweenMs: 1 });
    expect((await streamed()).content).toEqual(whole.content);
  });

  it('lasts until the client gives up, before the headers', async () => {
    claude.faults.next({ kind: 'stall' });
    await expect(client.messages.create(request, { timeout: 100 })).rejects.toBeInstanceOf(
      Anthropic.APIConnectionTimeoutError,
    );
    await expect.poll(() => claude.requests[0]?.outcome).toBe('client-disconnected');
    // Nobody reads it, but the provider has no reason to stop: all of it is billed.
    expect(claude.requests[0]?.billed?.outputTokens).toBeGreaterThan(1);
  });

  it('lasts until the client gives up, within the stream', async () => {
    claude.faults.next({ kind: 'stall', afterEvents: 5 });
    const stream = client.messages.stream(request);
    stream.once('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await expect.poll(() => claude.requests[0]?.outcome).toBe('client-disconnected');
  });
});

it('stops when the client leaves, and bills what was generated until then', async () => {
  await using slow = await startClaudeSimulator({ eventDelayMs: 2 });
  const slowClient = new Anthropic({ baseURL: slow.url, apiKey: 'k', maxRetries: 0 });
  const stream = slowClient.messages.stream({
    ...request,
    max_tokens: 5000,
    messages: [{ role: 'user', content: 'Talk. [[sim:tokens=4000]]' }],
  });
  stream.once('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
  await expect.poll(() => slow.requests[0]?.outcome).toBe('client-disconnected');
  const billed = slow.requests[0]?.billed;
  expect(billed?.inputTokens).toBeGreaterThan(0);
  expect(billed?.outputTokens).toBeGreaterThan(0);
  expect(billed?.outputTokens).toBeLessThan(4000);
});

describe('tool calls that are wrong', () => {
  const withTools = { ...request, tools };

  it('come as text', async () => {
    claude.faults.next({ kind: 'tool-call-as-text', form: 'tagged' });
    const message = await client.messages.create(withTools);
    expect(message.stop_reason).toBe('end_turn');
    expect(message.content).toMatchObject([
      { type: 'text', text: '<tool_call>\n{"name": "run", "arguments": {"path":"simulated"}}\n</tool_call>' },
    ]);
  });

  it('have JSON that does not parse, in a stream and in a body', async () => {
    claude.faults.always({ kind: 'broken-tool-json' });
    let json = '';
    for await (const event of await client.messages.create({ ...withTools, stream: true })) {
      if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta') {
        json += event.delta.partial_json;
      }
    }
    expect(json).toBe('{"path":"simulated",');
    const message = await client.messages.create(withTools);
    expect(message.content).toMatchObject([{ type: 'tool_use', name: 'run', input: '{"path":"simulated",' }]);
    expect(message.stop_reason).toBe('tool_use');
  });
});

describe('planned faults', () => {
  it('strike the calls they were planned for, and no other', async () => {
    claude.faults.at(2, { kind: 'server-error' });
    claude.faults.next({ kind: 'overloaded' }, 2);
    const statuses: unknown[] = [];
    for (let call = 0; call < 4; call += 1) {
      statuses.push(
        await client.messages.create(request).then(
          () => 200,
          (error: { status: number }) => error.status,
        ),
      );
    }
    expect(statuses).toEqual([529, 529, 500, 200]);
  });

  it('last until they are cleared', async () => {
    claude.faults.always({ kind: 'overloaded' });
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 529 });
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 529 });
    claude.faults.next({ kind: 'server-error' });
    claude.faults.at(2, { kind: 'server-error' });
    claude.faults.clear();
    await expect(client.messages.create(request)).resolves.toBeDefined();
  });

  it('leave count_tokens alone', async () => {
    claude.faults.next({ kind: 'overloaded' });
    await expect(client.messages.countTokens({ model, messages })).resolves.toBeDefined();
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 529 });
  });

  it('come with a scripted answer, too', async () => {
    claude.script.push({ fault: { kind: 'rate-limited' } }, { text: 'fine' });
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 429 });
    await expect(client.messages.create(request)).resolves.toMatchObject({ content: [{ text: 'fine' }] });
  });
});

describe('markers in the prompt', () => {
  const asking = (content: string) => ({ ...request, messages: [{ role: 'user' as const, content }] });

  it('ask for a fault', async () => {
    const error: unknown = await client.messages
      .create(asking('Hello [[sim:429 retry-after=7]]'))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 429 });
    expect((error as InstanceType<typeof Anthropic.RateLimitError>).headers?.get('retry-after')).toBe('7');
  });

  it('do not count when they are meant for Ollama', async () => {
    await expect(client.messages.create(asking('Hello [[sim-ollama:500]]'))).resolves.toBeDefined();
  });

  it('count until the tools have answered', async () => {
    const message = await client.messages.create({
      ...request,
      tools,
      messages: [
        { role: 'user', content: 'Hello [[sim:500]]' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'run', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
      ],
    });
    expect(message.stop_reason).toBe('end_turn');
  });

  it('refuse with the stop reason of a refusal', async () => {
    const message = await client.messages.create(asking('Hello [[sim:refuse]]'));
    expect(message.stop_reason).toBe('refusal');
  });

  it('count once: a request for repair that quotes them has a sound answer', async () => {
    const task = 'Write a function in TypeScript that adds numbers [[sim:broken-code]]';
    const broken = await client.messages.create(asking(task));
    expect(JSON.stringify(broken.content)).toContain('((]');
    const repaired = await client.messages.create({
      ...request,
      messages: [
        { role: 'user', content: task },
        { role: 'assistant', content: broken.content },
        { role: 'user', content: `Your answer to "${task}" was checked:\n1. Block 1 does not parse.` },
      ],
    });
    expect(JSON.stringify(repaired.content)).toContain('```typescript');
    expect(JSON.stringify(repaired.content)).not.toContain('((]');
  });
});
