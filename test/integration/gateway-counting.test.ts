import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';

const model = 'claude-sonnet-5-5';
const picture = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ' },
};
const withPicture = { model, max_tokens: 400, messages: [{ role: 'user', content: [picture] }] };
const localThinking = { type: 'thinking', thinking: 'local', signature: '' };
const afterOllama = [
  { role: 'user', content: 'Hello.' },
  { role: 'assistant', content: [localThinking, { type: 'text', text: 'Hello.' }] },
];

async function ask(
  gateway: TestGateway,
  body: object | string | Buffer,
  { path = '/v1/messages', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: {
      'x-api-key': 'sk-test-not-a-key',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}

describe('a conversation in which Ollama thought', () => {
  it('is counted by Claude without that thinking', async () => {
    await using gateway = await startTestGateway();
    const question = { model, messages: [...afterOllama, { role: 'user', content: 'Go on.' }] };
    const counted = await ask(gateway, question, { path: '/v1/messages/count_tokens' });
    expect(counted).toMatchObject({ status: 200, body: { input_tokens: expect.any(Number) } });
    expect(JSON.stringify(gateway.installation.claude.requests.at(-1)?.body)).not.toContain('local');
  });

  it('goes back to Claude also with a picture in it, which Claude must count first', async () => {
    await using gateway = await startTestGateway();
    const answer = await ask(gateway, {
      ...withPicture,
      messages: [...afterOllama, ...withPicture.messages],
    });
    expect(answer.body).toMatchObject({ model });
    const [counted, asked] = gateway.installation.claude.requests;
    expect(counted).toMatchObject({ path: '/v1/messages/count_tokens', status: 200 });
    expect(asked).toMatchObject({ path: '/v1/messages', status: 200 });
  });
});

describe('a request that only Claude could count', () => {
  it('goes to Ollama with what Claude said, and gets that error where Ollama cannot either', async () => {
    await using gateway = await startTestGateway();
    const bad = { ...withPicture, messages: [{ role: 'user', content: ['no block'] }] };
    const answer = await ask(gateway, bad);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', message: expect.stringContaining('messages.0') } },
    });
    expect(answer.headers.get('retry-after')).toBeNull();
    const tooEarly = { 'anthropic-version': '' };
    const byOllama = await ask(gateway, withPicture, { headers: tooEarly });
    expect(byOllama.body).toMatchObject({ model: 'qwen3:8b' });
    expect(byOllama.headers.get('x-teelamma-reason')).toBe(
      'Claude answered 400 (invalid_request_error) when it was asked to count this request',
    );
  });

  it("gets Claude's own refusal of its key", async () => {
    await using gateway = await startTestGateway({
      providers: { claude: { acceptKey: 'another' } },
    });
    expect(await ask(gateway, withPicture)).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    });
    expect(gateway.installation.ollama.requests).toHaveLength(0);
  });

  it('is refused where it is nested too deeply to be written for the count', async () => {
    await using gateway = await startTestGateway();
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const call = `{"type":"tool_use","id":"a","name":"n","input":{"x":${deep}}}`;
    const messages = `[{"role":"user","content":[${JSON.stringify(picture)},${call}]}]`;
    const body = `{"model":"${model}","max_tokens":400,"messages":${messages}}`;
    expect(await ask(gateway, body)).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', message: 'body: it is nested too deeply' } },
    });
    expect(gateway.installation.claude.requests).toHaveLength(0);
  });

  it('is told of the connection, and not of the budget, where neither can be reached', async () => {
    await using gateway = await startTestGateway();
    await gateway.installation.claude.close();
    await gateway.installation.ollama.close();
    const answer = await ask(gateway, withPicture);
    expect(answer).toMatchObject({ status: 502, body: { error: { type: 'api_error' } } });
    expect(JSON.stringify(answer.body)).toContain('Claude cannot be reached');
  });
});

describe('bodies that could be read in two ways', () => {
  it('holds for one max_tokens and sends no other', async () => {
    await using gateway = await startTestGateway();
    const body = `{"max_tokens":100000,"model":"${model}","messages":[{"role":"user","content":"Hi"}],"max_tokens":70}`;
    expect((await ask(gateway, body)).status).toBe(200);
    // What the simulator parsed has one of them only; the length tells that both are 70.
    const [seen] = gateway.installation.claude.requests;
    expect(seen).toMatchObject({ body: { max_tokens: 70 }, bodyBytes: body.length - '0000'.length });
  });

  it('says what is wrong with an encoded body and with an endless model', async () => {
    await using gateway = await startTestGateway();
    const zipped = gzipSync(JSON.stringify(withPicture));
    expect(await ask(gateway, zipped, { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 415,
      body: { error: { message: expect.stringContaining('"gzip"') } },
    });
    expect(await ask(gateway, { ...withPicture, model: 'm'.repeat(257) })).toMatchObject({
      status: 400,
      body: { error: { message: 'model: String should have at most 256 characters' } },
    });
    expect(gateway.installation.claude.requests).toHaveLength(0);
  });
});
