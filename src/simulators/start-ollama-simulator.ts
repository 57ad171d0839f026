import { answerChat, type LoadedModels, type OllamaCall } from './ollama/answer-chat.ts';
import { parseBody } from './ollama/chat-request.ts';
import { modelNotFound, OllamaApiError } from './ollama/OllamaApiError.ts';
import {
  defaultOllamaModels,
  findOllamaModel,
  loadedListing,
  modelDetails,
  modelListing,
  type OllamaModel,
} from './ollama/ollama-models.ts';
import { sendJson } from './ollama/send-json.ts';
import {
  type CallState,
  type OpenRequest,
  type Simulator,
  type SimulatorOptions,
  sendBody,
  startSimulator,
} from './start-simulator.ts';

export interface OllamaSimulatorOptions extends SimulatorOptions<OllamaCall> {
  /** Models that are installed. Default: `qwen3:8b` with 40,960 tokens of context, tools and thinking. */
  readonly models?: readonly OllamaModel[];
  /** Context of a request that names no `num_ctx`. Default 4,096, as the real server has below 24 GiB of VRAM. */
  readonly defaultContextTokens?: number;
  /** What `/api/version` says. Default `0.33.3`, whose behaviour this follows. */
  readonly version?: string;
}

export interface OllamaSimulator extends Simulator {
  /** Each load of a model into memory; a change of `num_ctx` loads it again. */
  readonly loads: readonly { readonly model: string; readonly contextTokens: number }[];
}

const maxBodyBytes = 256 * 1024 * 1024;

/**
 * Starts a simulator of an Ollama server on 127.0.0.1: `POST /api/chat` with and without streaming, `/api/show`, `/api/tags`,
 * `/api/ps`, `/api/version`. It checks requests and fits them to `num_ctx` as the real server does (https://docs.ollama.com/api), and
 * answers the same request the same way.
 * @throws TeelammaError `port-taken`
 * @example
 * await using ollama = await startOllamaSimulator({ script: [{ text: 'Hello' }] });
 * ollama.faults.next({ kind: 'error-event', afterEvents: 3 });
 */
export async function startOllamaSimulator(options: OllamaSimulatorOptions = {}): Promise<OllamaSimulator> {
  const models = options.models ?? defaultOllamaModels;
  const inMemory = new Map<OllamaModel, number>();
  const loads: { model: string; contextTokens: number }[] = [];
  const loaded: LoadedModels = {
    load(model, contextTokens) {
      if (inMemory.get(model) === contextTokens) return false;
      inMemory.set(model, contextTokens);
      loads.push({ model: model.name, contextTokens });
      return true;
    },
    unload: (model) => void inMemory.delete(model),
  };
  const settings = { name: 'Ollama simulator', maxBodyBytes };
  const simulator = await startSimulator(settings, options, async (request, state) => {
    try {
      return await route(request, state);
    } catch (error) {
      if (!(error instanceof OllamaApiError)) throw error;
      return sendJson(request, error.status, { error: error.message }, error.headers);
    }
  });
  // The getters of the simulator must stay getters.
  return Object.defineProperty(simulator, 'loads', { value: loads, enumerable: true }) as OllamaSimulator;

  async function route(request: OpenRequest, state: CallState): Promise<void> {
    const { method, path } = request.exchange;
    const isRead = method === 'GET' || method === 'HEAD';
    if (path === '/' && isRead) return sendText(request, 200, 'Ollama is running');
    const allowed = methods[path];
    if (allowed === undefined) return sendText(request, 404, '404 page not found');
    if (allowed === 'GET' ? !isRead : method !== 'POST')
      return sendText(request, 405, '405 method not allowed');
    switch (path) {
      case '/api/version':
        return sendJson(request, 200, { version: options.version ?? '0.33.3' });
      case '/api/tags':
        return sendJson(request, 200, { models: models.map(modelListing) });
      case '/api/ps':
        return sendJson(request, 200, {
          models: [...inMemory].map(([model, contextTokens]) => loadedListing(model, contextTokens)),
        });
      case '/api/show':
        return sendJson(request, 200, show(request));
      default:
        return answerChat(request, state, models, loaded, options);
    }
  }

  function show({ exchange, record }: OpenRequest) {
    record.body = parseBody(exchange.body);
    const { model, name } = (record.body ?? {}) as { readonly model?: unknown; readonly name?: unknown };
    const wanted = typeof model === 'string' && model !== '' ? model : name;
    if (typeof wanted !== 'string' || wanted === '') throw new OllamaApiError(400, 'model is required');
    const found = findOllamaModel(models, wanted);
    if (found === undefined) throw modelNotFound(wanted);
    return modelDetails(found);
  }
}

const methods: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/api/chat': 'POST',
  '/api/show': 'POST',
  '/api/tags': 'GET',
  '/api/ps': 'GET',
  '/api/version': 'GET',
};

function sendText(request: OpenRequest, status: number, body: string): Promise<void> {
  return sendBody(request, status, 'text/plain; charset=utf-8', body);
}
