import { answerClaudeCall, type ClaudeCall } from './claude/answer-claude-call.ts';
import { ClaudeApiError, errorBody } from './claude/ClaudeApiError.ts';
import { checkConversation } from './claude/check-conversation.ts';
import { checkContentType, checkKey, checkVersion } from './claude/check-headers.ts';
import { checkLimits } from './claude/check-limits.ts';
import { type ClaudeModel, defaultClaudeModels, findClaudeModel, modelInfo } from './claude/claude-models.ts';
import { parseCountTokensBody, parseJsonBody, parseMessagesBody } from './claude/claude-request.ts';
import { countClaudeInput } from './claude/claude-tokens.ts';
import {
  type CallState,
  type OpenRequest,
  type Simulator,
  type SimulatorOptions,
  sendBody,
  startSimulator,
} from './start-simulator.ts';

export interface ClaudeSimulatorOptions extends SimulatorOptions<ClaudeCall> {
  /** The only key that is accepted. Default: any key that is not empty. */
  readonly acceptKey?: string;
  /** Models that exist. Default: the current ones and every other id that begins with `claude-`. */
  readonly models?: readonly ClaudeModel[];
  /** Sent with every answer, errors too, such as `anthropic-ratelimit-requests-remaining`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** `url` is what `ANTHROPIC_BASE_URL` is set to. */
export type ClaudeSimulator = Simulator;

/** The real API's limit (https://docs.anthropic.com/en/api/errors). */
const maxBodyBytes = 32 * 1024 * 1024;

/**
 * Starts a simulator of the Claude API on 127.0.0.1: `POST /v1/messages` with and without streaming, `count_tokens`, `/v1/models`.
 * It is strict as the real API is, answers the same request the same way, and bills what the real one would.
 * @throws TeelammaError `port-taken`
 * @example
 * await using claude = await startClaudeSimulator({ script: [{ text: 'Hello' }] });
 * claude.faults.next({ kind: 'rate-limited', retryAfterSeconds: 30 });
 */
export async function startClaudeSimulator(options: ClaudeSimulatorOptions = {}): Promise<ClaudeSimulator> {
  const models = options.models ?? defaultClaudeModels;
  const settings = { name: 'Claude simulator', maxBodyBytes };
  return startSimulator(settings, options, async (request, state) => {
    const requestId = `req_sim_${String(request.number).padStart(6, '0')}`;
    const headers = { 'request-id': requestId, ...options.headers };
    try {
      return await route(request, state, headers);
    } catch (error) {
      if (!(error instanceof ClaudeApiError)) throw error;
      const body = errorBody(error.type, error.message, requestId);
      return sendJson(request, error.status, body, { ...headers, ...error.headers });
    }
  });

  async function route(
    request: OpenRequest,
    state: CallState,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { exchange, record } = request;
    const { method, path } = exchange;
    if (method === 'HEAD' && path === '/') return sendJson(request, 200, '', headers);
    const isCount = path === '/v1/messages/count_tokens';
    const isModels = path === '/v1/models' || path.startsWith('/v1/models/');
    if (path !== '/v1/messages' && !isCount && !isModels) {
      throw new ClaudeApiError(404, 'not_found_error', 'Not Found');
    }
    if (method !== (isModels ? 'GET' : 'POST')) {
      throw new ClaudeApiError(405, 'invalid_request_error', 'Method Not Allowed');
    }
    checkKey(exchange.request.headers, options.acceptKey);
    checkVersion(exchange.request.headers);
    if (isModels) return sendJson(request, 200, modelsBody(path), headers);

    if (exchange.isBodyTooLong) {
      throw new ClaudeApiError(413, 'request_too_large', 'Request exceeds the maximum size');
    }
    checkContentType(exchange.request.headers);
    record.body = parseJsonBody(exchange.body);
    if (isCount) {
      const body = parseCountTokensBody(record.body);
      knownModel(body.model);
      checkConversation(body);
      return sendJson(request, 200, JSON.stringify({ input_tokens: countClaudeInput(body) }), headers);
    }
    const body = parseMessagesBody(record.body);
    const model = knownModel(body.model);
    checkConversation(body);
    const inputTokens = countClaudeInput(body);
    checkLimits(body, inputTokens, model);
    return answerClaudeCall(request, state, body, inputTokens, headers, options);
  }

  function knownModel(id: string): ClaudeModel {
    const model = findClaudeModel(models, id, options.models === undefined);
    if (model === null) throw new ClaudeApiError(404, 'not_found_error', `model: ${id}`);
    return model;
  }

  function modelsBody(path: string): string {
    if (path !== '/v1/models') return JSON.stringify(modelInfo(knownModel(path.slice('/v1/models/'.length))));
    return JSON.stringify({
      data: models.map(modelInfo),
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    });
  }
}

function sendJson(
  request: OpenRequest,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  return sendBody(request, status, 'application/json', body, headers);
}
