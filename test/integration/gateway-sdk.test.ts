import { Anthropic } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaudeSimulatorOptions } from '../../src/simulators/start-claude-simulator.ts';
import { startClaudeSimulator } from '../../src/simulators/start-claude-simulator.ts';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';

const model = 'claude-sonnet-5-5';
const tool: Anthropic.Tool = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const simulator: ClaudeSimulatorOptions = { acceptKey: 'sk-test-right' };

/**
 * What the official SDK does, run twice: against the simulator directly and through the gateway before another simulator of the same
 * kind. The results must be the same, except for ids.
 */
const situations: Readonly<Record<string, (client: Anthropic) => Promise<unknown>>> = {
  'a message': (client) => client.messages.create(question('Say hello.')),
  'a message with headers': async (client) => {
    const { data, response } = await client.messages.create(question('Say hello.')).withResponse();
    return { data, type: response.headers.get('content-type') };
  },
  'a stream by helper': async (client) => {
    const events: string[] = [];
    const stream = client.messages.stream(question('Write a function that adds.'));
    stream.on('streamEvent', ({ type }) => void events.push(type));
    return { message: await stream.finalMessage(), events };
  },
  'a raw stream': async (client) => {
    const events: unknown[] = [];
    const stream = await client.messages.create({ ...question('Say hello.'), stream: true });
    for await (const event of stream) events.push(event);
    return events;
  },
  thinking: async (client) => {
    const stream = client.messages.stream({
      ...question('Think about it.'),
      max_tokens: 3_000,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
    });
    return stream.finalMessage();
  },
  'tools, there and back': async (client) => {
    const asked = { ...question('Weather? [[sim:tool=get_weather]]'), tools: [tool] };
    const first = await client.messages.stream(asked).finalMessage();
    const call = first.content.find((block) => block.type === 'tool_use');
    if (call === undefined) throw new Error('there was no call');
    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'sunny' };
    const second = await client.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [result] },
      ],
    });
    return [first, second];
  },
  'the beta namespace': (client) =>
    client.beta.messages.create({ ...question('Say hello.'), betas: ['context-management-2025-06-27'] }),
  'stop sequences and a system prompt': (client) =>
    client.messages.create({ ...question('Say hello.'), system: 'Be short.', stop_sequences: ['answer'] }),
  'counting tokens': (client) =>
    client.messages.countTokens({ model, messages: question('Say hello.').messages, tools: [tool] }),
  'the list of models': async (client) => (await client.models.list()).data,
  'one model': (client) => client.models.retrieve(model),
  'a model that does not exist': (client) => client.models.retrieve('gpt-nothing'),
  'an invalid request': (client) =>
    client.messages.create({ ...question('x'), messages: [{ role: 'assistant', content: 'first' }] }),
  'no messages': (client) => client.messages.create({ ...question('x'), messages: [] }),
  'max_tokens of 0': (client) => client.messages.create({ ...question('x'), max_tokens: 0 }),
  'no max_tokens': (client) => client.messages.create({ ...question('x'), max_tokens: undefined as never }),
  'a message without a role': (client) =>
    client.messages.create({ ...question('x'), messages: [{ content: 'x' } as never] }),
  'a temperature above 1': (client) => client.messages.create({ ...question('x'), temperature: 2 } as never),
  'an unknown model': (client) => client.messages.create({ ...question('x'), model: 'gpt-nothing' }),
  'a wrong key': (client) => client.withOptions({ apiKey: 'sk-test-wrong' }).messages.create(question('x')),
  'an abort within a stream': async (client) => {
    const stream = client.messages.stream(question('Write a lot. [[sim:tokens=300]] [[sim:slow=5]]'));
    const seen: string[] = [];
    for await (const event of stream) {
      seen.push(event.type);
      if (seen.length === 5) stream.abort();
    }
    return seen;
  },
  'an abort before the answer': (client) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    return client.messages.create(question('Slow. [[sim:slow=0 before=2000]]'), {
      signal: controller.signal,
    });
  },
};

function question(content: string): Anthropic.MessageCreateParamsNonStreaming {
  return { model, max_tokens: 400, messages: [{ role: 'user', content }] };
}

describe('@anthropic-ai/sdk through the gateway, against the simulator directly', () => {
  let direct: Awaited<ReturnType<typeof startClaudeSimulator>>;
  let gateway: TestGateway;
  beforeAll(async () => {
    direct = await startClaudeSimulator(simulator);
    gateway = await startTestGateway({ providers: { claude: simulator } });
  });
  afterAll(async () => {
    await direct.close();
    await gateway[Symbol.asyncDispose]();
  });

  it.each(Object.entries(situations))('%s', async (_name, run) => {
    const clientOf = (baseURL: string) => new Anthropic({ apiKey: 'sk-test-right', baseURL, maxRetries: 0 });
    const expected = await outcome(() => run(clientOf(direct.url)));
    const actual = await outcome(() => run(clientOf(gateway.url)));
    expect(actual).toEqual(expected);
    await gateway.settled();
  });

  it('retries as it does without the gateway, and each try is held and settled by itself', async () => {
    const client = new Anthropic({ apiKey: 'sk-test-right', baseURL: gateway.url, maxRetries: 2 });
    gateway.installation.claude.faults.next({ kind: 'status', status: 409 });
    const message = await client.messages.create(question('Say hello.'));
    expect(message.model).toBe(model);
    await gateway.settled();
  });

  it('leaves no hold open and no key in a file', async () => {
    await gateway.settled();
    const { app, installation } = gateway;
    const turns = await app.ledger.history({ limit: 1_000 });
    expect(turns.filter(({ state }) => state === 'in-flight')).toEqual([]);
    await app.log.flush();
    const { readdirSync, readFileSync, statSync } = await import('node:fs');
    const { join } = await import('node:path');
    const files = readdirSync(installation.home, { recursive: true, encoding: 'utf8' });
    for (const file of files.map((name) => join(installation.home, name))) {
      if (!statSync(file).isFile()) continue;
      expect(readFileSync(file, 'latin1'), file).not.toMatch(/sk-test-(right|wrong)/);
    }
  });
});

/** A result or an error without what differs from call to call. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return withoutIds(await run());
  } catch (error) {
    const { name, message } = error as Error;
    const { status, error: body } = error as { status?: number; error?: unknown };
    return withoutIds({ name, message, status, body });
  }
}

function withoutIds(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, field) => (typeof field === 'function' ? undefined : field));
  return JSON.parse(
    text.replaceAll(/(msg_sim_|toolu_sim_\d+_)\d+/g, '$1n').replaceAll(/req_(sim|tlm)_\w+/g, 'req'),
  );
}
