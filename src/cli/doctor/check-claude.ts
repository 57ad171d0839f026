import type { Config } from '../../config/Config.ts';
import { isRecord } from '../../messages/open-record.ts';
import { ask, type Reply } from './ask.ts';
import type { Check, Findings } from './Check.ts';

export interface CheckClaudeOptions {
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;

/** The key, whether Claude accepts it, and whether it knows the model. `GET /v1/models` is free of charge. */
export async function checkClaude(config: Config, options: CheckClaudeOptions): Promise<Findings> {
  const key = checkKey(config.claude);
  if (key.status === 'fail' || noKey(config.claude)) return { checks: [key], isUsable: false };
  if (options.offline) {
    const skipped: Check = {
      name: 'Claude',
      status: 'skipped',
      found: 'not asked, since --offline was given',
    };
    return { checks: [key, skipped], isUsable: true };
  }
  const { model, apiKey, authToken } = config.claude;
  const url = config.claude.url ?? 'https://api.anthropic.com';
  const headers: Record<string, string> = {
    'anthropic-version': '2023-06-01',
    ...(apiKey ? { 'x-api-key': apiKey } : { authorization: `Bearer ${authToken ?? ''}` }),
  };
  const get = (path: string) => ask(`${url}${path}`, { headers }, { ...options, timeoutMs, fetch });
  const endpoint = checkEndpoint(await get('/v1/models?limit=1'), url);
  if (endpoint.status !== 'ok') return { checks: [key, endpoint], isUsable: endpoint.status === 'warn' };
  const known = checkModel(await get(`/v1/models/${encodeURIComponent(model)}`), model);
  return { checks: [key, endpoint, known], isUsable: known.status !== 'fail' };
}

function noKey({ apiKey, authToken }: Config['claude']): boolean {
  return !apiKey && !authToken;
}

function checkKey(claude: Config['claude']): Check {
  const name = 'Claude key';
  const variable = claude.apiKey ? 'ANTHROPIC_API_KEY' : 'ANTHROPIC_AUTH_TOKEN';
  const secret = claude.apiKey ?? claude.authToken ?? '';
  if (noKey(claude)) {
    const found = 'none is set, so Claude cannot be used and Ollama does everything';
    return {
      name,
      status: 'warn',
      found,
      fix: 'set ANTHROPIC_API_KEY in the environment; keys are made at https://console.anthropic.com',
    };
  }
  if (!/^[\x21-\x7e]+$/.test(secret) || /^["'].*["']$/.test(secret)) {
    const found = `${variable} holds spaces, line breaks, quotes or other characters that no key has`;
    return { name, status: 'fail', found, fix: `set ${variable} again, without quotes or line breaks` };
  }
  if (claude.apiKey && claude.url === undefined && !/^sk-ant-[\w-]{20,}$/.test(secret)) {
    const found = `${variable} is set (${secret.length} characters), but keys of Anthropic begin with sk-ant- and are longer than 26`;
    return { name, status: 'warn', found, fix: 'check that the whole key was copied' };
  }
  const also = claude.apiKey && claude.authToken ? '; ANTHROPIC_AUTH_TOKEN is set too and not used' : '';
  return { name, status: 'ok', found: `${variable} is set (${secret.length} characters)${also}` };
}

function checkEndpoint(reply: Reply, url: string): Check {
  const name = 'Claude';
  if (reply.kind === 'silence') {
    const found = `${url} cannot be reached: ${reply.problem}`;
    return {
      name,
      status: 'fail',
      found,
      fix: 'check the network, a proxy, and claude.url; tasks go to Ollama meanwhile',
    };
  }
  const { status } = reply;
  const said = `${url} answers ${status}${errorText(reply.body)}`;
  if (status === 200)
    return { name, status: 'ok', found: `${url} answers and accepts the key; no token was spent` };
  if (status === 401 || status === 403) {
    return {
      name,
      status: 'fail',
      found: said,
      fix: 'the key is not accepted: set a valid one in ANTHROPIC_API_KEY',
    };
  }
  if (status === 404) {
    const fix = 'fine for a gateway that only has /v1/messages; otherwise check claude.url';
    return {
      name,
      status: 'warn',
      found: `${said}: it lists no models, so key and model are not checked`,
      fix,
    };
  }
  if (status === 429 || status >= 500) {
    return {
      name,
      status: 'warn',
      found: said,
      fix: 'it is there and busy; tasks go to Ollama until it is back',
    };
  }
  return {
    name,
    status: 'fail',
    found: said,
    fix: 'check claude.url: this is not how the Claude API answers',
  };
}

function checkModel(reply: Reply, model: string): Check {
  const name = 'Claude model';
  if (reply.kind === 'answer' && reply.status === 200)
    return { name, status: 'ok', found: `${model} is available` };
  if (reply.kind === 'answer' && reply.status === 404) {
    const fix =
      'choose one from https://docs.anthropic.com/en/docs/about-claude/models: teelamma config set claude.model NAME';
    return { name, status: 'fail', found: `${model} is not available to this key`, fix };
  }
  const problem = reply.kind === 'silence' ? reply.problem : `status ${reply.status}`;
  return {
    name,
    status: 'warn',
    found: `${model} could not be looked up: ${problem}`,
    fix: 'try again later',
  };
}

function errorText(body: unknown): string {
  const error = isRecord(body) ? body['error'] : undefined;
  const message = isRecord(error) ? error['message'] : undefined;
  return typeof message === 'string' ? ` (${message})` : '';
}
