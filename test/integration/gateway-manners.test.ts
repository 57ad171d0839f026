import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Anthropic } from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { hashGatewayKey, newGatewayKey } from '../../src/gateway/keys/gateway-key.ts';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';

const model = 'claude-sonnet-5-5';
const hello = { model, max_tokens: 400, messages: [{ role: 'user' as const, content: 'Say hello.' }] };

function client(gateway: TestGateway, apiKey = 'sk-test-not-a-key'): Anthropic {
  return new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 });
}

describe('what the gateway holds', () => {
  it('asks Claude to count where the bound does not fit, with the key of the client', async () => {
    await using gateway = await startTestGateway({ limit: 4_000 });
    const content = 'Some words to count. '.repeat(250);
    const message = await client(gateway).messages.create({
      ...hello,
      messages: [{ role: 'user', content }],
    });
    expect(message.model).toBe(model);
    const [counted, asked] = gateway.installation.claude.requests;
    expect(counted).toMatchObject({ path: '/v1/messages/count_tokens', status: 200 });
    expect(counted?.headers.authorization).toBe('Bearer sk-test-not-a-key');
    expect(asked).toMatchObject({ path: '/v1/messages', status: 200 });
  });

  it('waits a short time for the holds of others before it gives a request to Ollama', async () => {
    await using gateway = await startTestGateway({ limit: 2_500 });
    gateway.installation.claude.faults.always({ kind: 'slow', beforeMs: 150 });
    const asked = { ...hello, max_tokens: 1_500 };
    const answers = await Promise.all([1, 2].map(() => client(gateway).messages.create(asked)));
    expect(answers.map((answer) => answer.model)).toEqual([model, model]);
  });

  it('settles by what Claude reported, cache reads and writes included', async () => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.script.push({
      text: 'ok',
      usage: { inputTokens: 5, cacheCreationInputTokens: 70, cacheReadInputTokens: 600, outputTokens: 3 },
    });
    await client(gateway).messages.stream(hello).finalMessage();
    await gateway.settled();
    expect((await gateway.app.ledger.status())[0]?.settledTokens).toBe(678);
    expect((await gateway.app.ledger.history({}))[0]?.usage).toMatchObject({ cacheReadInputTokens: 600 });
  });
});

describe('what the gateway settles', () => {
  it('leaves no hold open where the usage is reported as no amount of tokens', async () => {
    await using gateway = await startTestGateway();
    gateway.installation.claude.script.push({ text: 'ok', usage: { outputTokens: 1e300 } });
    await client(gateway).messages.create(hello);
    await gateway.settled();
    const [status] = await gateway.app.ledger.status();
    expect(status?.settledTokens).toBe(gateway.decisions[0]?.heldTokens);
  });
});

describe('a local model through the gateway', () => {
  it('keeps the client waiting with pings while it loads', async () => {
    await using gateway = await startTestGateway({ limit: 10, gateway: { pingMs: 40 } });
    gateway.installation.ollama.faults.next({ kind: 'slow', beforeMs: 300 });
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...hello, stream: true }),
    });
    const text = await answer.text();
    expect(text.indexOf('event: ping')).toBe(0);
    expect(text.match(/event: ping/g)?.length).toBeGreaterThan(2);
    expect(text.endsWith('data: {"type":"message_stop"}\n\n')).toBe(true);
  });

  it('tells a client that waits already when it cannot answer', async () => {
    await using gateway = await startTestGateway({
      limit: 10,
      gateway: { pingMs: 40 },
      providers: {
        ollama: {
          respond: async () => {
            await new Promise((resolve) => setTimeout(resolve, 200));
            return { fault: { kind: 'disconnect' } };
          },
        },
      },
    });
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...hello, stream: true }),
    });
    const text = await answer.text();
    expect(text.indexOf('event: ping')).toBe(0);
    expect(text).toMatch(/event: error\ndata: .*Ollama cannot answer either/);
  });

  it('leaves out old results of a conversation that is too long for it, and says so', async () => {
    await using gateway = await startTestGateway({
      limit: 10,
      providers: {
        ollama: {
          models: [{ name: 'qwen3:8b', contextTokens: 8_192, capabilities: ['completion', 'tools'] }],
        },
      },
    });
    const turns = [1, 2, 3, 4].flatMap((id) => [
      {
        role: 'assistant' as const,
        content: [{ type: 'tool_use' as const, id: `t${id}`, name: 'Read', input: {} }],
      },
      {
        role: 'user' as const,
        content: [
          { type: 'tool_result' as const, tool_use_id: `t${id}`, content: 'line of a file\n'.repeat(700) },
        ],
      },
    ]);
    const tools = [{ name: 'Read', input_schema: { type: 'object' as const } }];
    const asked = { ...hello, tools, messages: [...hello.messages, ...turns] };
    const message = await client(gateway).messages.stream(asked).finalMessage();
    const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    expect(text).toMatch(
      /longer than the context of qwen3:8b; 0 old thinking blocks and \d old tool results were left out/,
    );
    const seen = gateway.installation.ollama.requests.findLast(({ status }) => status === 200);
    expect(seen?.promptTruncated).toBe(false);
    expect(JSON.stringify(seen?.body)).toContain('old result left out');
  });

  it('says clearly when even that does not suffice, in a way that stops the client', async () => {
    await using gateway = await startTestGateway({
      limit: 10,
      providers: {
        ollama: { models: [{ name: 'qwen3:8b', contextTokens: 2_048, capabilities: ['completion'] }] },
      },
    });
    const content = 'words and more words '.repeat(3_000);
    const error = await client(gateway)
      .messages.create({ ...hello, messages: [{ role: 'user', content }] })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 429 });
    expect((error as Error).message).toMatch(/does not fit into the 2048 tokens/);
    expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get('x-should-retry')).toBe('false');
  });
});

describe('the policy', () => {
  it('sends models to Ollama by rule, and to Claude where Ollama cannot', async () => {
    await using gateway = await startTestGateway({
      gateway: { policy: { models: [{ pattern: '*haiku*', agent: 'ollama-specialist' }] } },
    });
    const small = { ...hello, model: 'claude-haiku-4-5' };
    expect((await client(gateway).messages.create(small)).model).toBe('qwen3:8b');
    expect((await client(gateway).messages.create(hello)).model).toBe(model);
    gateway.installation.ollama.faults.always({ kind: 'server-error' });
    expect((await client(gateway).messages.create(small)).model).toBe('claude-haiku-4-5');
    await gateway.settled();
    expect(gateway.decisions.map(({ reason }) => reason)).toEqual([
      'Rule for models *haiku*',
      'The token budget has room',
      expect.stringMatching(/^Ollama cannot: /),
    ]);
  });
});

describe('a local model that was chosen and fails', () => {
  const rule = { policy: { models: [{ pattern: '*', agent: 'ollama-specialist' as const }] } };
  const dyingLate = {
    ollama: {
      respond: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { fault: { kind: 'disconnect' as const } };
      },
    },
  };
  const askRaw = async (gateway: TestGateway): Promise<string> => {
    const headers = { 'x-api-key': 'sk-test-not-a-key', 'anthropic-version': '2023-06-01' };
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ ...hello, stream: true }),
      signal: AbortSignal.timeout(10_000),
    });
    return answer.text();
  };

  it('ends its stream with an error where the client has a part of it, and begins no second message', async () => {
    await using gateway = await startTestGateway({ gateway: rule });
    gateway.installation.ollama.faults.next({ kind: 'disconnect', afterEvents: 3 });
    const text = await askRaw(gateway);
    expect(text.match(/event: message_start/g)).toHaveLength(1);
    expect(text).toMatch(/event: error\ndata: .*broke off.*\n\n$/);
    expect(gateway.installation.claude.requests).toHaveLength(0);
    expect(gateway.decisions).toMatchObject([{ agent: 'none', from: 'ollama-specialist' }]);
  });

  it('leaves the answer to Claude behind its pings', async () => {
    await using gateway = await startTestGateway({ gateway: { ...rule, pingMs: 40 }, providers: dyingLate });
    const text = await askRaw(gateway);
    expect(text.indexOf('event: ping')).toBe(0);
    expect(text.match(/event: message_start/g)).toHaveLength(1);
    expect(text).toContain('[simulated ');
    expect(text.endsWith('data: {"type":"message_stop"}\n\n')).toBe(true);
  });

  it("tells Claude's own error behind its pings, and leaves no client waiting", async () => {
    await using gateway = await startTestGateway({ gateway: { ...rule, pingMs: 40 }, providers: dyingLate });
    const { faults } = gateway.installation.claude;
    faults.next({ kind: 'status', status: 400, message: 'No such thing' });
    expect(await askRaw(gateway)).toMatch(
      /event: error\ndata: .*"invalid_request_error","message":"No such thing".*\n\n$/,
    );
    faults.next({ kind: 'overloaded' });
    expect(await askRaw(gateway)).toMatch(/event: error\ndata: .*"overloaded_error".*\n\n$/);
  });
});

describe("a stream that breaks off before the result of one of Claude's own tools", () => {
  it('ends with an error, because Claude would refuse the conversation later', async () => {
    const events = [
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          usage: { input_tokens: 9 },
        },
      },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
      },
      { type: 'content_block_stop', index: 0 },
    ];
    const upstream = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
      );
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    try {
      await using gateway = await startTestGateway({ upstreamUrl: `http://127.0.0.1:${port}` });
      const answer = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': 'sk-test-not-a-key', 'content-type': 'application/json' },
        body: JSON.stringify({ ...hello, stream: true }),
      });
      expect(await answer.text()).toMatch(/event: error\ndata: .*before it was whole\. Ask again\..*\n\n$/);
      expect(gateway.installation.ollama.requests).toHaveLength(0);
    } finally {
      upstream.close();
    }
  });
});

describe('who may use the gateway', () => {
  const secret = newGatewayKey();
  const key = {
    id: '1',
    name: 'laptop',
    hash: hashGatewayKey(secret),
    user: null,
    project: null,
    createdAtMs: 0,
  };

  it("lets nobody in without a key where there are keys, and asks Claude with its own in a key's place", async () => {
    await using gateway = await startTestGateway({
      ports: { keys: () => [key] },
      gateway: { ownCredential: ['x-api-key', 'sk-own'] },
    });
    const refused = await client(gateway)
      .messages.create(hello)
      .catch((caught: unknown) => caught);
    expect(refused).toMatchObject({ status: 401 });
    expect((await client(gateway, secret).messages.create(hello)).model).toBe(model);
    const beside = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(hello),
      headers: {
        'x-teelamma-key': secret,
        'x-api-key': 'sk-theirs',
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      },
    });
    expect(beside.status).toBe(200);
    const keys = gateway.installation.claude.requests.map(({ headers }) => headers['x-api-key']);
    expect(keys).toEqual(['sk-own', 'sk-theirs']);
    expect(JSON.stringify(gateway.installation.claude.requests.map(({ headers }) => headers))).not.toContain(
      secret,
    );
    await gateway.settled();
    expect(gateway.decisions.map((decision) => decision.key)).toEqual(['laptop', 'laptop']);
  });

  it('is not open to the network without keys, nor to web pages of others', async () => {
    await expect(startTestGateway({ gateway: { host: '0.0.0.0' } })).rejects.toThrow(/teelamma keys add/);
    await using gateway = await startTestGateway();
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(hello),
      headers: { origin: 'https://example.com' },
    });
    expect(answer.status).toBe(403);
    expect(gateway.installation.ollama.requests).toEqual([]);
  });

  it('asks Ollama for a client that has no key for Claude', async () => {
    await using gateway = await startTestGateway();
    const answer = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body: JSON.stringify(hello) });
    expect(answer.headers.get('x-teelamma-reason')).toContain('No key for Claude');
    expect(await answer.json()).toMatchObject({ model: 'qwen3:8b' });
  });
});

describe('the end of the gateway', () => {
  it('settles what runs when it is closed', async () => {
    const gateway = await startTestGateway({ gateway: { closeMs: 100 } });
    gateway.installation.claude.faults.next({ kind: 'stall', afterEvents: 4 });
    const body = JSON.stringify({ ...hello, stream: true });
    const headers = {
      'x-api-key': 'k',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
    };
    const sent = request(`${gateway.url}/v1/messages`, { method: 'POST', headers });
    sent.on('error', () => undefined);
    const first = new Promise((resolve) => {
      sent.on('response', (answer) => answer.on('error', () => undefined).once('data', resolve));
    });
    sent.end(body);
    await first;
    const { app } = gateway;
    const held = () => app.ledger.snapshot()[0]?.heldTokens ?? -1;
    expect(held()).toBeGreaterThan(0);
    const after: number[] = [];
    const stop = app.ledger.subscribe((event) => {
      if (event.type === 'changed') after.push(event.budgets[0]?.heldTokens ?? -1);
    });
    await gateway[Symbol.asyncDispose]();
    stop();
    expect(after).toContain(0);
  });
});
