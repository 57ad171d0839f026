import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClaudeSimulator, startClaudeSimulator } from '../start-claude-simulator.ts';
import { claudeModel } from './claude-models.ts';
import { thinkingSignature } from './thinking-signature.ts';

const headers: Record<string, string> = {
  'x-api-key': 'right-key',
  'anthropic-version': '2026-10-21',
  'content-type': 'application/json',
};
const user = { role: 'user', content: 'Hello' };
const call = { type: 'tool_use', id: 'toolu_1', name: 'run', input: {} };
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' };
const tools = [{ name: 'run', input_schema: { type: 'object' } }];
const request = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [user] };

let claude: ClaudeSimulator;
beforeAll(async () => {
  claude = await startClaudeSimulator({ acceptKey: 'right-key' });
});
afterAll(() => claude.close());

async function post(body: unknown, changed: Record<string, string | undefined> = {}, path = '/v1/messages') {
  const sent = Object.fromEntries(
    Object.entries({ ...headers, ...changed }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const response = await fetch(claude.url + path, {
    method: 'POST',
    headers: sent,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { response, status: response.status, body: (await response.json()) as ErrorBody };
}

interface ErrorBody {
  readonly type: string;
  readonly error?: { readonly type: string; readonly message: string };
  readonly request_id?: string;
}

function turns(...messages: unknown[]) {
  return { ...request, tools, messages };
}

function assistant(...content: unknown[]) {
  return { role: 'assistant', content };
}

function answering(...content: unknown[]) {
  return { role: 'user', content };
}

describe('headers', () => {
  const cases: [string, Record<string, string | undefined>, number, string, RegExp][] = [
    ['no key', { 'x-api-key': undefined }, 401, 'authentication_error', /x-api-key header is required/],
    ['a wrong key', { 'x-api-key': 'wrong' }, 401, 'authentication_error', /invalid x-api-key/],
    [
      'a wrong bearer token',
      { 'x-api-key': undefined, authorization: 'Bearer wrong' },
      401,
      'authentication_error',
      /Invalid bearer token/,
    ],
    ['no version', { 'anthropic-version': undefined }, 400, 'invalid_request_error', /anthropic-version/],
    [
      'a version that is no date',
      { 'anthropic-version': 'v1' },
      400,
      'invalid_request_error',
      /not a valid version/,
    ],
    [
      'a body that is not said to be JSON',
      { 'content-type': 'text/plain' },
      400,
      'invalid_request_error',
      /content-type/,
    ],
  ];
  it.each(cases)('refuses %s', async (_name, changed, status, type, message) => {
    const answer = await post(request, changed);
    expect(answer.status).toBe(status);
    expect(answer.body.type).toBe('error');
    expect(answer.body.error?.type).toBe(type);
    expect(answer.body.error?.message).toMatch(message);
    expect(answer.body.request_id).toBe(answer.response.headers.get('request-id'));
  });

  it('takes the key as a bearer token', async () => {
    const answer = await post(request, { 'x-api-key': undefined, authorization: 'Bearer right-key' });
    expect(answer.status).toBe(200);
  });
});

describe('bodies that are refused with 400', () => {
  const cases: [string, unknown, RegExp][] = [
    ['no JSON', '{"model"', /not valid JSON/],
    ['no object', [], /body: Input should be a valid object/],
    ['no model', { ...request, model: undefined }, /^model: Field required$/],
    ['no max_tokens', { ...request, max_tokens: undefined }, /^max_tokens: Field required$/],
    [
      'max_tokens 0',
      { ...request, max_tokens: 0 },
      /^max_tokens: Input should be greater than or equal to 1$/,
    ],
    ['max_tokens 1.5', { ...request, max_tokens: 1.5 }, /^max_tokens: Input should be a valid int/],
    [
      'max_tokens above the model',
      { ...request, max_tokens: 128_001 },
      /128001 > 128000, which is the maximum/,
    ],
    ['no messages', { ...request, messages: undefined }, /^messages: Field required$/],
    ['empty messages', { ...request, messages: [] }, /at least one message is required/],
    ['an unknown role', turns({ role: 'tool', content: 'x' }), /^messages\.0\.role: /],
    [
      'an assistant first',
      turns(assistant({ type: 'text', text: 'x' })),
      /first message must use the "user" role/,
    ],
    [
      'an empty message',
      turns({ role: 'user', content: '' }, user),
      /messages\.0: all messages must have non-empty/,
    ],
    [
      'an empty text block',
      turns(answering({ type: 'text', text: '' })),
      /text content blocks must be non-empty/,
    ],
    [
      'a text block without text',
      turns(answering({ type: 'text' })),
      /messages\.0\.content\.0\.text\.text: Field/,
    ],
    [
      'a tool without schema',
      { ...request, tools: [{ name: 'run' }] },
      /tools\.0\.custom\.input_schema: Field required/,
    ],
    [
      'a bad tool name',
      { ...request, tools: [{ ...tools[0], name: 'a b' }] },
      /^tools\.0\.name: String should match/,
    ],
    ['a tool twice', { ...request, tools: [...tools, ...tools] }, /Tool names must be unique/],
    [
      'a choice of no tool',
      { ...request, tools, tool_choice: { type: 'tool', name: 'x' } },
      /Tool 'x' not found/,
    ],
    [
      'a choice without tools',
      { ...request, tool_choice: { type: 'any' } },
      /only be specified while providing tools/,
    ],
    [
      'a result without call',
      turns(answering(result)),
      /messages\.0\.content\.0: unexpected `tool_use_id` found in/,
    ],
    [
      'a call without result',
      turns(user, assistant(call), user),
      /messages\.1: `tool_use` ids were found without/,
    ],
    ['a call at the end', turns(user, assistant(call)), /messages\.1: `tool_use` ids were found without/],
    [
      'half of the results',
      turns(user, assistant(call, { ...call, id: 'toolu_2' }), answering(result)),
      /without `tool_result` blocks immediately after: toolu_2\./,
    ],
    [
      'a result behind other content',
      turns(user, assistant(call), answering({ type: 'text', text: 'x' }, result)),
      /without `tool_result` blocks immediately after: toolu_1\./,
    ],
    [
      'an answer begun with a space at its end',
      turns(user, assistant({ type: 'text', text: 'So ' })),
      /final assistant content cannot end with trailing whitespace/,
    ],
    [
      'a result twice',
      turns(
        user,
        assistant(call),
        answering(result),
        assistant({ type: 'text', text: 'x' }),
        answering(result),
      ),
      /messages\.4\.content\.0: unexpected `tool_use_id`/,
    ],
    [
      'a bad tool id',
      turns(user, assistant({ ...call, id: 'a.b' }), answering(result)),
      /tool_use\.id: String should/,
    ],
    ['a tool id twice', turns(user, assistant(call, call), answering(result)), /ids must be unique/],
    [
      'an input that is text',
      turns(user, assistant({ ...call, input: '{}' }), answering(result)),
      /messages\.1\.content\.0\.tool_use\.input: Input should be a valid dictionary/,
    ],
    [
      'thinking with a strange signature',
      turns(user, assistant({ type: 'thinking', thinking: 'hm', signature: 'abc' }), user),
      /^messages\.1\.content\.0: Invalid `signature` in `thinking` block$/,
    ],
    [
      'thinking without signature',
      turns(user, assistant({ type: 'thinking', thinking: 'hm' }), user),
      /messages\.1\.content\.0\.thinking\.signature: Field required/,
    ],
    [
      'thinking that was changed',
      turns(user, assistant({ type: 'thinking', thinking: 'Hm', signature: thinkingSignature('hm') }), user),
      /Invalid `signature`/,
    ],
    [
      'a thinking budget of max_tokens',
      { ...request, max_tokens: 1024, thinking: { type: 'enabled', budget_tokens: 1024 } },
      /`max_tokens` must be greater than `thinking.budget_tokens`/,
    ],
    [
      'a small thinking budget',
      { ...request, thinking: { type: 'enabled', budget_tokens: 10 } },
      /^thinking\.budget_tokens: Input should be greater than or equal to 1024$/,
    ],
    [
      'thinking without a budget',
      { ...request, thinking: { type: 'enabled' } },
      /budget_tokens: Field required/,
    ],
  ];
  it.each(cases)('%s', async (_name, body, message) => {
    const before = claude.chargedTokens;
    const answer = await post(body);
    expect(answer.body.error?.message).toMatch(message);
    expect(answer.body.error?.type).toBe('invalid_request_error');
    expect(answer.status).toBe(400);
    expect(claude.chargedTokens).toBe(before);
  });
});

describe('bodies that are accepted', () => {
  const signed = { type: 'thinking', thinking: 'hm', signature: thinkingSignature('hm') };
  const cases: [string, unknown][] = [
    ['fields that are not known', { ...request, context_management: { edits: [] }, anything: 1 }],
    ['a system message in mid-conversation', turns(user, { role: 'system', content: [] }, user)],
    [
      'a system message between call and result',
      turns(user, assistant(call), { role: 'system', content: [] }, answering(result)),
    ],
    ['signed thinking before a call', turns(user, assistant(signed, call), answering(result))],
    ['text behind a result', turns(user, assistant(call), answering(result, { type: 'text', text: 'x' }))],
    ['an empty assistant message at the end', turns(user, assistant())],
    [
      'tools of the server without schema',
      { ...request, tools: [{ type: 'web_search_20260318', name: 'web_search' }] },
    ],
    ['a deferred tool', { ...request, tools: [{ ...tools[0], defer_loading: true }] }],
  ];
  it.each(cases)('%s', async (_name, body) => {
    const answer = await post(body);
    expect(answer.body.error).toBeUndefined();
    expect(answer.status).toBe(200);
  });
});

describe('paths, models and sizes', () => {
  it('answers 404 for a path that does not exist', async () => {
    expect((await post(request, {}, '/v1/complete')).body.error?.type).toBe('not_found_error');
  });

  it('answers 405 for a method that a path does not have', async () => {
    const response = await fetch(`${claude.url}/v1/messages`, { headers });
    expect(response.status).toBe(405);
  });

  it('answers 404 for a model that does not exist, in count_tokens too', async () => {
    for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
      const answer = await post({ ...request, model: 'gpt-5' }, {}, path);
      expect(answer.status).toBe(404);
      expect(answer.body.error).toEqual({ type: 'not_found_error', message: 'model: gpt-5' });
    }
  });

  it('knows only the models it was given', async () => {
    await using small = await startClaudeSimulator({
      models: [{ ...claudeModel('claude-one'), contextTokens: 50 }],
    });
    const answers = await Promise.all(
      ['claude-two', 'claude-one'].map(async (model) => {
        const messages = [{ role: 'user', content: 'x'.repeat(400) }];
        const response = await fetch(`${small.url}/v1/messages`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ ...request, model, messages }),
        });
        return ((await response.json()) as ErrorBody).error?.message;
      }),
    );
    expect(answers).toEqual(['model: claude-two', 'prompt is too long: 107 tokens > 50 maximum']);
  });

  it('checks what count_tokens is given as it checks a message, but needs no max_tokens', async () => {
    const path = '/v1/messages/count_tokens';
    expect((await post({ ...request, max_tokens: undefined }, {}, path)).status).toBe(200);
    expect((await post(turns(user, assistant(call)), {}, path)).status).toBe(400);
  });

  it('answers 413 above 32 MB', async () => {
    const answer = await post('x'.repeat(32 * 1024 * 1024 + 1));
    expect(answer.status).toBe(413);
    expect(answer.body.error?.type).toBe('request_too_large');
  });
});
