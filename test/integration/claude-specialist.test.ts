import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClaudeSpecialist, type ClaudeSpecialistOptions } from '../../src/agents/ClaudeSpecialist.ts';
import { SpecialistError } from '../../src/agents/Specialist.ts';
import type { MessagesRequest } from '../../src/messages/types.ts';
import type { ClaudeSimulator } from '../../src/simulators/start-claude-simulator.ts';
import { startClaudeSimulator } from '../../src/simulators/start-claude-simulator.ts';

const key = 'sk-ant-very-secret-key';
const hello: MessagesRequest = { model: 'x', max_tokens: 1_000, messages: [{ role: 'user', content: 'hi' }] };
const never = new AbortController().signal;

let claude: ClaudeSimulator;
beforeEach(async () => {
  claude = await startClaudeSimulator();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await claude.close();
});

function specialist(options: Partial<ClaudeSpecialistOptions> = {}): ClaudeSpecialist {
  const limits = { timeoutMs: 20_000, stallTimeoutMs: 20_000 };
  return new ClaudeSpecialist({
    model: 'claude-sonnet-5-5',
    apiKey: key,
    baseUrl: claude.url,
    ...limits,
    ...options,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<SpecialistError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SpecialistError)) throw new Error(`no SpecialistError: ${String(error)}`);
  return error;
}

/** A server that answers every request in the same way; returns its URL. */
async function answering(status: number, headers: Record<string, string>, body: string) {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('ClaudeSpecialist', () => {
  it('fails without a key before anything is sent, and names the variable', async () => {
    const error = await failureOf(specialist({ apiKey: undefined }).send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'missing-key', reached: 'not-sent' });
    expect(error.message).toContain('ANTHROPIC_API_KEY');
    expect(claude.requests).toEqual([]);
  });

  it('is told everything by its options and nothing by the environment', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'key-of-the-environment');
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'token-of-the-environment');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9');
    vi.stubEnv('ANTHROPIC_CUSTOM_HEADERS', 'x-from-environment: 1\nauthorization: Bearer stolen');
    await specialist().send(hello, { signal: never });
    const headers = JSON.stringify(claude.requests[0]?.headers);
    expect(headers).toContain(key);
    expect(headers).not.toMatch(/environment|stolen/);
    const error = await failureOf(specialist({ apiKey: undefined }).send(hello, { signal: never }));
    expect(error.failure).toBe('missing-key');
  });

  it('sends a token as a bearer', async () => {
    await specialist({ apiKey: undefined, authToken: 'the-token' }).send(hello, { signal: never });
    expect(claude.requests[0]?.headers.authorization).toBe('Bearer the-token');
    expect(claude.requests[0]?.headers['x-api-key']).toBeUndefined();
  });

  it('forwards every field that it does not know, untouched, and always streams', async () => {
    const open = { ...hello, context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } };
    await specialist().send(open, { signal: never });
    const expected = { ...open, model: 'claude-sonnet-5-5', stream: true };
    expect(claude.requests[0]?.body).toEqual(expected);
  });

  it('adds up cache tokens and the cumulative output of the stream', async () => {
    const usage = {
      inputTokens: 10,
      cacheCreationInputTokens: 200,
      cacheReadInputTokens: 3_000,
      outputTokens: 40,
    };
    claude.script.push({ text: 'ok', usage });
    const message = await specialist().send(hello, { signal: never });
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 3_000,
      output_tokens: 40,
    });
  });

  it('counts input tokens as the provider does, without a model call', async () => {
    const tokens = await specialist().countInputTokens({ ...hello, stop_sequences: ['x'] }, never);
    const message = await specialist().send(hello, { signal: never });
    expect(tokens).toBe(message.usage.input_tokens);
    expect(claude.requests.filter((request) => request.callIndex !== null)).toHaveLength(1);
  });

  it('reports a failed count as a SpecialistError', async () => {
    const error = await failureOf(specialist({ model: 'no-such-model' }).countInputTokens(hello, never));
    expect(error).toMatchObject({ failure: 'model-missing', reached: 'refused' });
  });

  it('says how long a rate limit lasts', async () => {
    claude.faults.always({ kind: 'rate-limited', retryAfterSeconds: 30 });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({
      failure: 'rate-limited',
      reached: 'refused',
      status: 429,
      retryAfterMs: 30_000,
    });
  });

  it('reads the date of a retry-after by the clock it was given', async () => {
    const body = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } });
    const headers = { 'content-type': 'application/json', 'retry-after': 'Tue, 24 Nov 2026 12:01:00 GMT' };
    await using server = await answering(429, headers, body);
    const limits = { timeoutMs: 20_000, stallTimeoutMs: 20_000 };
    const timed = new ClaudeSpecialist(
      { model: 'claude-sonnet-5-5', apiKey: key, baseUrl: server.url, ...limits },
      { nowMs: () => Date.parse('2026-11-24T12:00:00Z') },
    );
    expect((await failureOf(timed.send(hello, { signal: never }))).retryAfterMs).toBe(60_000);
  });

  it.each([
    [400, 'prompt is too long: 300000 tokens > 200000 maximum', 'context-too-long'],
    [400, 'messages: at least one message is required', 'invalid-request'],
    [400, 'Your credit balance is too low to access the Anthropic API', 'authentication'],
    [401, 'invalid x-api-key', 'authentication'],
    [403, 'not allowed', 'authentication'],
  ])('takes %i "%s" as %s, not charged', async (status, message, failure) => {
    claude.faults.always({ kind: 'status', status, message });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({ failure, reached: 'refused', status });
    expect(error.message).toContain(message);
  });

  it('does not take the page of a proxy for a refusal', async () => {
    claude.faults.always({ kind: 'bad-gateway' });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'server-error', reached: 'started', status: 502 });
  });

  it('does not take a timeout behind the API for a refusal', async () => {
    claude.faults.always({ kind: 'status', status: 504 });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'timeout', reached: 'started' });
  });

  it('knows an error that is the first event of the stream as not charged', async () => {
    claude.faults.always({ kind: 'error-event', afterEvents: 0 });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error).toMatchObject({ failure: 'overloaded', reached: 'refused' });
  });

  it('knows the usage as final where only message_stop is missing', async () => {
    const events = [
      {
        type: 'message_start',
        message: { id: 'm', content: [], usage: { input_tokens: 5, output_tokens: 1 } },
      },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
    ];
    const sse = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    await using server = await answering(200, { 'content-type': 'text/event-stream' }, sse);
    const error = await failureOf(specialist({ baseUrl: server.url }).send(hello, { signal: never }));
    expect(error).toMatchObject({
      failure: 'stream-broken',
      reached: 'started',
      usageIsFinal: true,
      usage: { inputTokens: 5, outputTokens: 9 },
    });
  });

  it('is kept alive by pings, which come while Claude thinks', async () => {
    const server = createServer(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const write = (event: { type: string }) =>
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      write({ type: 'message_start', message: { id: 'm', content: [], usage: {} } } as { type: string });
      for (let pings = 0; pings < 8; pings++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        write({ type: 'ping' });
      }
      write({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} } as { type: string });
      write({ type: 'message_stop' });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const patient = specialist({ baseUrl: `http://127.0.0.1:${port}`, stallTimeoutMs: 600 });
    const message = await patient.send(hello, { signal: never });
    expect(message.stop_reason).toBe('end_turn');
    await new Promise((resolve) => server.close(resolve));
  });

  it('never tells the key, even where the server repeats it', async () => {
    claude.faults.always({ kind: 'status', status: 401, message: `the key ${key} is not valid` });
    const error = await failureOf(specialist().send(hello, { signal: never }));
    expect(error.message).toContain('***');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(key);
  });

  it('cannot reach a host whose name does not exist, and says which', async () => {
    const error = await failureOf(
      specialist({ baseUrl: 'http://nowhere.invalid' }).send(hello, { signal: never }),
    );
    expect(error).toMatchObject({ failure: 'unreachable', reached: 'not-sent' });
    expect(error.message).toContain('http://nowhere.invalid');
  });
});
