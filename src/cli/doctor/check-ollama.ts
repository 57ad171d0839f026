import { normaliseOllamaHost } from '../../agents/ollama-host.ts';
import { readOllamaModelInfo } from '../../agents/ollama-model-info.ts';
import { untimedFetch } from '../../agents/untimed-fetch.ts';
import type { Config } from '../../config/Config.ts';
import { TeelammaError } from '../../errors.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { isRecord } from '../../messages/open-record.ts';
import { ask, type Reply } from './ask.ts';
import type { Check, Findings } from './Check.ts';

export interface CheckOllamaOptions {
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

const timeoutMs = 5_000;
/** A task with some code in it does not fit into less. */
const smallContextTokens = 8_192;

/** Whether Ollama answers, has the model, and what that model can do. Loads no model. */
export async function checkOllama({ ollama }: Config, options: CheckOllamaOptions): Promise<Findings> {
  const name = 'Ollama';
  let host: string;
  try {
    host = normaliseOllamaHost(ollama.host);
  } catch (error) {
    if (!(error instanceof TeelammaError)) throw error;
    const fix = 'teelamma config set ollama.host http://127.0.0.1:11434, or unset OLLAMA_HOST';
    return { checks: [{ name, status: 'fail', found: error.message, fix }], isUsable: false };
  }
  if (options.offline && !isThisMachine(host)) {
    const found = `${host} is another machine, and --offline was given`;
    return { checks: [{ name, status: 'skipped', found }], isUsable: true };
  }
  // The same way that tasks take: no proxy of the environment.
  const how = { ...options, timeoutMs, fetch: untimedFetch() };
  const server = checkServer(await ask(`${host}/api/version`, {}, how), host);
  if (server.status !== 'ok') return { checks: [server], isUsable: false };

  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ model: ollama.model });
  const shown = await ask(`${host}/api/show`, { method: 'POST', headers, body }, how);
  if (shown.kind === 'answer' && shown.status === 200) {
    const model = checkModel(shown.body, ollama.model);
    return { checks: [server, model], isUsable: model.status !== 'fail' };
  }
  const others = await ask(`${host}/api/tags`, {}, how);
  return { checks: [server, missingModel(shown, ollama.model, installedModels(others))], isUsable: false };
}

function isThisMachine(host: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(host).hostname);
}

function checkServer(reply: Reply, host: string): Check {
  const name = 'Ollama';
  if (reply.kind === 'silence') {
    const found = `nothing answers at ${host}: ${reply.problem}`;
    return {
      name,
      status: 'fail',
      found,
      fix: 'start it with `ollama serve`, or install it from https://ollama.com/download',
    };
  }
  const version = isRecord(reply.body) ? reply.body['version'] : undefined;
  if (reply.status !== 200 || typeof version !== 'string') {
    const found = `what answers at ${host} is not Ollama (status ${reply.status} for /api/version)`;
    return { name, status: 'fail', found, fix: 'set OLLAMA_HOST or ollama.host to where Ollama listens' };
  }
  return { name, status: 'ok', found: `version ${version} at ${host}` };
}

function checkModel(show: unknown, model: string): Check {
  const name = 'Ollama model';
  const { contextTokens, abilities } = readOllamaModelInfo(show);
  const capabilities =
    isRecord(show) && Array.isArray(show['capabilities']) ? show['capabilities'].map(String) : [];
  if (capabilities.length > 0 && !capabilities.includes('completion')) {
    const found = `${model} does not write text (it can: ${capabilities.join(', ')})`;
    return {
      name,
      status: 'fail',
      found,
      fix: 'teelamma config set ollama.model qwen3:8b, then ollama pull qwen3:8b',
    };
  }
  const context =
    contextTokens === undefined
      ? 'context length not told'
      : `${formatTokens(contextTokens)} tokens of context`;
  const can = Object.entries(abilities).flatMap(([ability, isThere]) => (isThere ? [ability] : []));
  const found = `${model}: ${context}; ${can.length > 0 ? can.join(', ') : 'no tools, vision or thinking'}`;
  if (contextTokens !== undefined && contextTokens < smallContextTokens) {
    const fix =
      'long tasks will not fit; choose a model with a longer context: teelamma config set ollama.model NAME';
    return { name, status: 'warn', found, fix };
  }
  return { name, status: 'ok', found };
}

function missingModel(shown: Reply, model: string, installed: readonly string[]): Check {
  const name = 'Ollama model';
  if (shown.kind === 'silence' || shown.status !== 404) {
    const problem = shown.kind === 'silence' ? shown.problem : `status ${shown.status}`;
    return {
      name,
      status: 'fail',
      found: `${model} could not be looked up: ${problem}`,
      fix: 'restart Ollama and try again',
    };
  }
  const there = installed.length > 0 ? `installed are ${installed.join(', ')}` : 'none is installed';
  return { name, status: 'fail', found: `${model} is not installed; ${there}`, fix: `ollama pull ${model}` };
}

function installedModels(reply: Reply): string[] {
  const models = reply.kind === 'answer' && isRecord(reply.body) ? reply.body['models'] : undefined;
  if (!Array.isArray(models)) return [];
  return models.flatMap((model: unknown) =>
    isRecord(model) && typeof model['name'] === 'string' ? [model['name']] : [],
  );
}
