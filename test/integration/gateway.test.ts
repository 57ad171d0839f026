import { Anthropic } from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { checkMessageStream } from '../../src/messages/check-message-stream.ts';
import type { Message, RawMessageStreamEvent } from '../../src/messages/types.ts';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';

const model = 'claude-sonnet-5-5';
const hello = { model, max_tokens: 400, messages: [{ role: 'user' as const, content: 'Say hello.' }] };
const tools = [
  {
    name: 'Read',
    description: 'Reads a file',
    input_schema: {
      type: 'object' as const,
      properties: { path: { type: 'string' } },
      required: ['path'],
    },
  },
];

function client(gateway: TestGateway): Anthropic {
  return new Anthropic({ apiKey: 'sk-test-not-a-key', baseURL: gateway.url, maxRetries: 0 });
}

async function streamed(
  gateway: TestGateway,
  request: Record<string, unknown> = hello,
  headers: Record<string, string> = {},
): Promise<{
  events: RawMessageStreamEvent[];
  message: Message;
  headers: Headers;
}> {
  const { data, response } = await client(gateway)
    .messages.create({ ...hello, ...request, stream: true }, { headers })
    .withResponse();
  const events: RawMessageStreamEvent[] = [];
  for await (const event of data) events.push(event);
  const { accumulateMessage } = await import('../../src/messages/accumulate-message.ts');
  const accumulator = accumulateMessage();
  for (const event of events) accumulator.push(event);
  return { events, message: accumulator.message() as Message, headers: response.headers };
}

function textOf(message: Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

describe('the gateway while the budget lasts', () => {
  it('relays the bytes of a stream as Claude sent them and settles what was used', async () => {
    await using gateway = await startTestGateway();
    const body = JSON.stringify({ ...hello, stream: true });
    const ask = async (url: string) => {
      const answer = await fetch(`${url}/v1/messages?beta=true`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
          'x-api-key': 'k',
        },
      });
      return (await answer.text()).replaceAll(/msg_sim_\d+/g, 'msg');
    };
    const direct = await ask(gateway.installation.claude.url);
    const relayed = await ask(gateway.url);
    expect(relayed).toBe(direct);
    await gateway.settled();
    const [budget] = await gateway.app.ledger.status();
    expect(budget?.settledTokens).toBe(gateway.installation.claude.chargedTokens / 2);
    expect(gateway.decisions).toMatchObject([{ agent: 'claude-specialist', from: null, maxTokens: null }]);
  });

  it('passes the body on byte for byte, and headers as an open list', async () => {
    await using gateway = await startTestGateway();
    const body = `{ "model":"${model}",  "max_tokens" : 400, "x_new": 1.0, "messages":[{"role":"user","content":"Say \\u0068i."}]}`;
    await fetch(`${gateway.url}/v1/messages?beta=true`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'a-2025,b-2025',
        'x-new-header': 'yes',
        authorization: 'Bearer token',
      },
    });
    const [seen] = gateway.installation.claude.requests;
    expect(seen).toMatchObject({ path: '/v1/messages', query: '?beta=true', bodyBytes: body.length });
    expect(seen?.headers).toMatchObject({
      'anthropic-beta': 'a-2025,b-2025',
      'x-new-header': 'yes',
      authorization: 'Bearer token',
    });
  });

  it('lowers max_tokens, and only that, where the budget makes it so', async () => {
    await using gateway = await startTestGateway({ limit: 20_000 });
    const { headers } = await streamed(gateway, { max_tokens: 64_000 });
    const sent = gateway.installation.claude.requests[0]?.body as Record<string, unknown>;
    expect(sent['max_tokens']).toBe(Number(headers.get('x-teelamma-max-tokens')));
    expect(sent['max_tokens']).toBeLessThan(20_000);
    expect({ ...sent, max_tokens: 64_000 }).toEqual({ ...hello, max_tokens: 64_000, stream: true });
  });

  it("gives back Claude's own error unchanged, without a charge", async () => {
    await using gateway = await startTestGateway();
    const { claude } = gateway.installation;
    const wrong = { ...hello, messages: [{ role: 'assistant' as const, content: 'first' }] };
    const direct = await new Anthropic({ apiKey: 'k', baseURL: claude.url, maxRetries: 0 }).messages
      .create(wrong)
      .catch((error: unknown) => error);
    const relayed = await client(gateway)
      .messages.create(wrong)
      .catch((error: unknown) => error);
    expect(relayed).toMatchObject({ status: 400 });
    expect((relayed as Error).message.replace(/req_sim_\d+/, '')).toBe(
      (direct as Error).message.replace(/req_sim_\d+/, ''),
    );
    await gateway.settled();
    expect((await gateway.app.ledger.status())[0]?.settledTokens).toBe(0);
  });

  it('cancels Claude when the client goes away, and charges what is known or the hold', async () => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.faults.next({ kind: 'slow', betweenMs: 50 });
    const stream = client(gateway).messages.stream({
      ...hello,
      max_tokens: 2_000,
      messages: [{ role: 'user', content: 'Write a lot. [[sim:tokens=500]]' }],
    });
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    stream.abort();
    await gateway.settled();
    await expect.poll(() => gateway.installation.claude.requests[0]?.outcome).toBe('client-disconnected');
    const [turn] = await gateway.app.ledger.history({});
    expect(turn).toMatchObject({ state: 'assumed' });
    expect(turn?.chargedTokens).toBe(turn?.heldTokens);
  });
});

describe('the gateway where Claude cannot answer', () => {
  it('answers by Ollama in the same response when the budget is gone', async () => {
    await using gateway = await startTestGateway({ limit: 100 });
    const { events, message, headers } = await streamed(gateway);
    expect(checkMessageStream(events)).toEqual([]);
    expect(message.model).toBe('qwen3:8b');
    expect(headers.get('x-teelamma-agent')).toBe('ollama-specialist');
    expect(headers.get('x-teelamma-reason')).toContain('Token budget');
    expect(gateway.installation.claude.requests.filter(({ path }) => path === '/v1/messages')).toEqual([]);
  });

  it.each([
    ['429', { kind: 'rate-limited' as const }],
    ['529', { kind: 'overloaded' as const }],
    ['500', { kind: 'server-error' as const }],
    ['502 of a proxy', { kind: 'bad-gateway' as const }],
    [
      'an account without credit',
      {
        kind: 'status' as const,
        status: 400,
        message:
          'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      },
    ],
    ['402', { kind: 'status' as const, status: 402 }],
    ['a cut before the answer', { kind: 'disconnect' as const }],
    ['an empty body', { kind: 'empty-body' as const }],
    ['an error as the first event', { kind: 'error-event' as const, afterEvents: 0 }],
  ])('answers by Ollama after %s, streamed or not', async (_name, fault) => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.faults.always(fault);
    const { events, message } = await streamed(gateway);
    expect(checkMessageStream(events)).toEqual([]);
    expect(message.model).toBe('qwen3:8b');
    if (fault.kind === 'error-event') return;
    const whole = await client(gateway).messages.create(hello);
    expect(whole.model).toBe('qwen3:8b');
    await gateway.settled();
  });

  it('answers by Ollama when Claude is silent before the first byte', async () => {
    await using gateway = await startTestGateway({ stallTimeoutMs: 600 });
    gateway.installation.claude.faults.next({ kind: 'stall' });
    const { message } = await streamed(gateway);
    expect(message.model).toBe('qwen3:8b');
    await gateway.settled();
    expect(gateway.decisions[0]?.reason).toContain('silent');
  });

  it('remembers a long retry-after for this client only', async () => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.faults.next({ kind: 'rate-limited', retryAfterSeconds: 3_600 });
    await streamed(gateway);
    const { headers } = await streamed(gateway);
    expect(headers.get('x-teelamma-reason')).toContain('not to be called before');
    expect(gateway.installation.claude.requests).toHaveLength(1);
    const other = new Anthropic({ apiKey: 'another', baseURL: gateway.url, maxRetries: 0 });
    expect((await other.messages.create(hello)).model).toBe(model);
  });

  it.each([4, 6])(
    'continues as one valid stream when Claude breaks off after %i events',
    async (afterEvents) => {
      await using gateway = await startTestGateway();
      gateway.installation.claude.faults.next({ kind: 'disconnect', afterEvents });
      const { events, message } = await streamed(gateway);
      expect(checkMessageStream(events)).toEqual([]);
      expect(message.model).toBe(model);
      expect(textOf(message)).toContain('[ClaudeTeelamma:');
      expect(textOf(message)).toContain('[simulated qwen3:8b]');
      expect(message.stop_reason).toBe('end_turn');
    },
  );

  it('continues after a malformed event, a silent stream and an error event as well', async () => {
    await using gateway = await startTestGateway({ stallTimeoutMs: 600 });
    for (const kind of ['malformed', 'stall', 'error-event', 'end-early'] as const) {
      gateway.installation.claude.faults.next({ kind, afterEvents: 5 });
      const { events, message } = await streamed(gateway);
      expect(checkMessageStream(events), kind).toEqual([]);
      expect(textOf(message), kind).toContain('[simulated qwen3:8b]');
    }
  });

  it('tells the client of the break where continuing is turned off', async () => {
    await using gateway = await startTestGateway({ gateway: { continueAnswers: false } });
    gateway.installation.claude.faults.next({ kind: 'disconnect', afterEvents: 5 });
    await expect(streamed(gateway)).rejects.toThrow(/Ask again/);
  });

  it('says the limit and the reset, and that a retry is of no use, when Ollama cannot either', async () => {
    await using gateway = await startTestGateway({ limit: 100 });
    gateway.installation.ollama.faults.always({ kind: 'model-missing' });
    const error = await client(gateway)
      .messages.create(hello)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 429, error: { error: { type: 'rate_limit_error' } } });
    const { headers, message } = error as InstanceType<typeof Anthropic.APIError>;
    expect(headers?.get('x-should-retry')).toBe('false');
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(80_000);
    expect(message).toMatch(/limit is 100 tokens.*resets at 20\d\d-/);
  });

  it("gives back Claude's own 529 when Ollama cannot either", async () => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.faults.always({ kind: 'overloaded' });
    gateway.installation.ollama.faults.always({ kind: 'model-missing' });
    const error = await client(gateway)
      .messages.create(hello)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } });
  });
});

describe('the handover', () => {
  const session = { 'x-claude-code-session-id': '11111111-2222-3333-4444-555555555555' };

  it('keeps Ollama while its tool calls are answered, then goes back to Claude without its thinking', async () => {
    await using gateway = await startTestGateway();
    const { claude } = gateway.installation;
    claude.faults.next({ kind: 'overloaded' });
    const asked = {
      role: 'user' as const,
      content: 'Read a file. [[sim-ollama:tool=Read]] [[sim-ollama:think]]',
    };
    const first = await streamed(gateway, { messages: [asked], tools, max_tokens: 4_000 }, session);
    const call = first.message.content.find((block) => block.type === 'tool_use');
    expect(call).toBeDefined();
    expect(textOf(first.message)).toContain('on Ollama goes on');
    const thinking = { type: 'thinking', thinking: 'local', signature: '' };
    const result = { type: 'tool_result', tool_use_id: call?.id, content: 'the file' };
    const within = [
      asked,
      { role: 'assistant', content: [thinking, ...first.message.content] },
      { role: 'user', content: [result] },
    ];
    const second = await streamed(gateway, { messages: within, tools }, session);
    expect(second.message.model).toBe('qwen3:8b');
    expect(textOf(second.message)).not.toContain('on Ollama goes on');
    const after = [
      ...within,
      { role: 'assistant', content: second.message.content },
      { role: 'user', content: 'Thanks.' },
    ];
    const third = await streamed(gateway, { messages: after, tools }, session);
    expect(third.message.model).toBe(model);
    const sent = claude.requests.at(-1)?.body as { messages: { content: unknown }[] };
    expect(JSON.stringify(sent.messages)).not.toContain('"thinking"');
    expect(sent.messages).toHaveLength(after.length);
  });
});

describe('what passes through the gateway', () => {
  it('counts tokens and lists models by Claude, and stands in where Claude is out of reach', async () => {
    await using gateway = await startTestGateway();
    const { claude } = gateway.installation;
    const question = { model, messages: hello.messages };
    const direct = new Anthropic({ apiKey: 'k', baseURL: claude.url });
    expect(await client(gateway).messages.countTokens(question)).toEqual(
      await direct.messages.countTokens(question),
    );
    expect((await client(gateway).models.list()).data.map(({ id }) => id)).toContain(model);
    await claude.close();
    expect((await client(gateway).messages.countTokens(question)).input_tokens).toBeGreaterThan(0);
    expect((await client(gateway).models.list()).data.map(({ id }) => id)).toEqual(['qwen3:8b']);
  });

  it('refuses what spends tokens outside of any hold', async () => {
    await using gateway = await startTestGateway();
    const error = await client(gateway)
      .messages.batches.create({ requests: [] })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 403, error: { error: { type: 'permission_error' } } });
    for (const path of ['/v1/complete', '/v1/messages/', '/v1//messages', '/v1/messages/%62atches']) {
      const answer = await fetch(gateway.url + path, {
        method: 'POST',
        body: '{}',
        headers: { 'x-api-key': 'k' },
      });
      expect(answer.ok, path).toBe(false);
    }
    expect(gateway.installation.claude.requests).toEqual([]);
  });

  it('says what it is on /health, HEAD / and HEAD /api/hello', async () => {
    await using gateway = await startTestGateway();
    for (const [method, path] of [
      ['GET', '/health'],
      ['HEAD', '/'],
      ['HEAD', '/api/hello'],
    ] as const) {
      const answer = await fetch(gateway.url + path, { method });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-teelamma-gateway')).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});
