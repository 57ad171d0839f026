import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Pool } from 'undici';
import { startTestGateway, type TestGateway } from '../../support/start-gateway.ts';
import { mutateBytes, mutateValue, type Random, random } from './mutate.ts';

const key = 'sk-ant-fuzz-f00dfeedf00dfeedf00dfeed';
/** A request that has no end by then hangs. */
const hangMs = 20_000;
const parallel = 16;

export interface FuzzReport {
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly chargedTokens: number;
}

/**
 * Sends so many mutated request bodies through a gateway before the strict simulators. None may crash or hang it, show a key, or leave
 * the ledger with anything but what Claude billed.
 */
export async function fuzzBodies(count: number, seed: number): Promise<FuzzReport> {
  await using gateway = await startTestGateway({
    limit: 100_000_000_000,
    providers: {
      claude: { eventDelayMs: null, keepRequests: 1 },
      ollama: { eventDelayMs: null, keepRequests: 1 },
    },
  });
  const rng = random(seed);
  const bodies = function* () {
    for (let index = 0; index < count; index += 1) {
      const value = rng.chance(0.7) ? mutateValue(rng.pick(samples), rng) : rng.pick(samples);
      const bytes = Buffer.from(JSON.stringify(value) ?? '');
      yield rng.chance(0.4) ? mutateBytes(bytes, rng) : bytes;
    }
  };
  const statuses = await sendAll(gateway, bodies());
  await checkAfterwards(gateway);
  const [budget] = await gateway.app.ledger.status();
  assert.equal(
    budget?.settledTokens,
    gateway.installation.claude.chargedTokens,
    'the ledger has what Claude billed',
  );
  return { requests: count, statuses, chargedTokens: budget?.settledTokens ?? 0 };
}

/**
 * Sends so many requests to an upstream that answers with mutated streams, in odd pieces, with odd headers, and with cuts. None may crash
 * or hang the gateway or leave a hold open, and the budget must be the sum of its turns.
 */
export async function fuzzStreams(count: number, seed: number): Promise<FuzzReport> {
  const rng = random(seed);
  await using upstream = await startMutatingUpstream(rng);
  await using gateway = await startTestGateway({
    limit: 100_000_000_000,
    upstreamUrl: upstream.url,
    stallTimeoutMs: 600,
    timeoutMs: 1_000,
    providers: { ollama: { eventDelayMs: null, keepRequests: 1 } },
  });
  const body = (isStream: boolean) => Buffer.from(JSON.stringify({ ...samples[0], stream: isStream }));
  const bodies = function* () {
    for (let index = 0; index < count; index += 1) yield body(rng.chance(0.8));
  };
  const statuses = await sendAll(gateway, bodies());
  await checkAfterwards(gateway);
  const turns = await gateway.app.ledger.history({ limit: count * 3, agent: 'claude-specialist' });
  const charged = turns.reduce((sum, turn) => sum + turn.chargedTokens, 0);
  const [budget] = await gateway.app.ledger.status();
  assert.equal(budget?.settledTokens, charged, 'the budget is the sum of its turns');
  assert.equal(turns.length, count, 'every request has its turn');
  return { requests: count, statuses, chargedTokens: charged };
}

async function sendAll(gateway: TestGateway, bodies: Iterable<Buffer>): Promise<Record<string, number>> {
  const pool = new Pool(gateway.url, { connections: parallel, pipelining: 1, allowH2: false });
  const statuses: Record<string, number> = {};
  const queue = bodies[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const status = await send(pool, next.value);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await pool.destroy();
  return statuses;
}

async function send(pool: Pool, body: Buffer): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'x-api-key': key,
  };
  const signal = AbortSignal.timeout(hangMs);
  try {
    const answer = await pool.request({
      path: '/v1/messages?beta=true',
      method: 'POST',
      headers,
      body,
      signal,
    });
    const text = await answer.body.text();
    assert.ok(!`${text}${JSON.stringify(answer.headers)}`.includes(key), 'an answer shows the key');
    return String(answer.statusCode);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(!signal.aborted, `a request hangs: ${body.toString('utf8').slice(0, 500)}`);
    return 'cut';
  }
}

async function checkAfterwards(gateway: TestGateway): Promise<void> {
  await gateway.settled();
  const health = await fetch(`${gateway.url}/health`);
  assert.equal(health.status, 200, 'the gateway is alive');
  await gateway.app.log.flush();
  const { home } = gateway.installation;
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const file = join(home, name);
    if (statSync(file).isFile())
      assert.ok(!readFileSync(file, 'latin1').includes(key), `${name} has the key`);
  }
  const log = readdirSync(join(home, 'logs')).map((name) => readFileSync(join(home, 'logs', name), 'utf8'));
  const bug = log
    .join('')
    .split('\n')
    .find((line) => line.includes('"action":"bug"'));
  assert.equal(bug, undefined, 'the gateway met a bug of its own');
  const health2 = await gateway.app.ledger.check();
  assert.deepEqual(health2.problems, [], 'the ledger adds up');
}

interface MutatingUpstream extends AsyncDisposable {
  readonly url: string;
}

async function startMutatingUpstream(rng: Random): Promise<MutatingUpstream> {
  const server = createServer((request, response) => {
    let isStream = false;
    request.on('data', (part: Buffer) => {
      isStream ||= part.includes('"stream":true');
    });
    request.on('end', () => answerOddly(response, isStream, rng));
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOddly(response: ServerResponse, isStream: boolean, rng: Random): void {
  response.on('error', () => undefined);
  if (rng.chance(0.02)) {
    response.destroy();
    return;
  }
  const whole = isStream ? sampleStream : sampleMessage;
  const bytes = rng.chance(0.8) ? mutateBytes(whole, rng) : whole;
  const status = rng.chance(0.9) ? 200 : rng.pick([201, 204, 301, 400, 401, 404, 429, 500, 502, 503, 529]);
  const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json';
  response.writeHead(status, {
    'content-type': rng.chance(0.95)
      ? type
      : rng.pick(['text/html', 'application/json', 'text/event-stream']),
    ...(rng.chance(0.03) && { 'content-encoding': rng.pick(['gzip', 'br', 'zstd', 'nonsense']) }),
    ...(status === 429 && rng.chance(0.2) && { 'retry-after': rng.pick(['0', '-1', 'soon', '0.001']) }),
  });
  const end = rng.int(100);
  let at = 0;
  const step = (): void => {
    if (response.destroyed) return;
    if (at >= bytes.length) {
      if (end < 80) response.end();
      else if (end < 99) response.destroy();
      // else: silent
      return;
    }
    const size = 1 + rng.int(rng.chance(0.5) ? 20 : 2_000);
    response.write(bytes.subarray(at, at + size));
    at += size;
    setImmediate(step);
  };
  step();
}

const tool = {
  name: 'Read',
  description: 'Reads',
  input_schema: { type: 'object', properties: { path: { type: 'string' } } },
};

/** Requests in the forms that Claude Code sends. */
const samples: readonly Record<string, unknown>[] = [
  { model: 'claude-sonnet-5-5', max_tokens: 200, messages: [{ role: 'user', content: 'Say hello.' }] },
  {
    model: 'claude-sonnet-5-5',
    max_tokens: 4_000,
    stream: true,
    system: [{ type: 'text', text: 'You are a test.', cache_control: { type: 'ephemeral' } }],
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    metadata: { user_id: '{"session_id":"0a1b2c3d-4e5f"}' },
    tools: [tool, { ...tool, name: 'Write', defer_loading: true }],
    tool_choice: { type: 'auto' },
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Read it.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'local', signature: '' },
          { type: 'text', text: 'I read.' },
          { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a' } },
        ],
      },
      { role: 'system', content: [] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'text', is_error: false }],
      },
    ],
  },
  {
    model: 'claude-haiku-4-5',
    max_tokens: 100,
    stream: true,
    temperature: 0.5,
    stop_sequences: ['x'],
    output_config: { effort: 'low' },
    context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    messages: [
      {
        role: 'user',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
      },
      { role: 'assistant', content: 'I see.' },
      { role: 'user', content: 'And?' },
    ],
  },
];

const usage = { input_tokens: 20, output_tokens: 1, cache_read_input_tokens: 3 };
const head = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5-5',
  content: [],
  usage,
};
const sampleStream = Buffer.from(
  [
    { type: 'message_start', message: head },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...['Hel', 'lo, ', 'wörld'].map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} },
    },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"path":"a"}' },
    },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 30 } },
    { type: 'message_stop' },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join(''),
);
const sampleMessage = Buffer.from(
  JSON.stringify({ ...head, content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn' }),
);
