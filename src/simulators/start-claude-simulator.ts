import { chargedTokens, type TokenUsage } from '../messages/token-usage.ts';
import { builtInAnswer } from './built-in-answer.ts';
import { ClaudeApiError, errorBody } from './claude/ClaudeApiError.ts';
import { checkConversation } from './claude/check-conversation.ts';
import { checkLimits } from './claude/check-limits.ts';
import { claudeAnswerRequest } from './claude/claude-answer-request.ts';
import { claudeBody } from './claude/claude-body.ts';
import { claudeEvents, sse } from './claude/claude-events.ts';
import { claudeFaultError } from './claude/claude-fault.ts';
import { makeClaudeMessage } from './claude/claude-message.ts';
import { type ClaudeModel, defaultClaudeModels, findClaudeModel, modelInfo } from './claude/claude-models.ts';
import {
  checkKey,
  type MessagesBody,
  parseCountTokensBody,
  parseJsonBody,
  parseMessagesBody,
} from './claude/claude-request.ts';
import { countClaudeInput } from './claude/claude-tokens.ts';
import { type Delivery, deliverBody, deliverStream } from './deliver.ts';
import { createFaultPlan, type FaultControls } from './fault-plan.ts';
import { type Exchange, startLoopbackServer } from './loopback-server.ts';
import { createRequestLog, type OpenRecord, type RecordedRequest } from './recorded-request.ts';
import type { Respond, ScriptedAnswer } from './scripted-answer.ts';
import { spoilToolCalls } from './tool-faults.ts';

export interface ClaudeSimulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The only key that is accepted. Default: any key that is not empty. */
  readonly acceptKey?: string;
  /** Models that exist. Default: the current ones and every other id that begins with `claude-`. */
  readonly models?: readonly ClaudeModel[];
  /** Chooses answers; comes before `script` and the built-in answers. */
  readonly respond?: Respond<ClaudeCall>;
  /** Answers of the next calls, in order. */
  readonly script?: readonly ScriptedAnswer[];
  /** Sent with every answer of a model call, such as `anthropic-ratelimit-requests-remaining`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Wait between events in milliseconds; 0, the default, sends each by itself without a wait; null sends all at once. */
  readonly eventDelayMs?: number | null;
  /** Text in one delta, in characters, about. Default 24. */
  readonly pieceCharacters?: number;
  /** Requests kept in `requests`. Default 1,000. */
  readonly keepRequests?: number;
}

/** One model call as `respond` sees it. */
export interface ClaudeCall {
  readonly body: MessagesBody;
  readonly headers: RecordedRequest['headers'];
  /** Text of the last message that a user wrote. */
  readonly prompt: string;
  readonly inputTokens: number;
}

export interface ClaudeSimulator extends AsyncDisposable {
  /** What `ANTHROPIC_BASE_URL` is set to. */
  readonly url: string;
  readonly port: number;
  /** Oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Sum of all that was billed, a cut answer up to its cut: what a correct ledger has recorded, or more. */
  readonly usageTotals: TokenUsage;
  /** The same as one number. */
  readonly chargedTokens: number;
  /** Answers of the next calls, in order; may be added to at any time. */
  readonly script: ScriptedAnswer[];
  readonly faults: FaultControls;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

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
  const log = createRequestLog(options.keepRequests ?? 1000);
  const faults = createFaultPlan();
  const script = [...(options.script ?? [])];
  const models = options.models ?? defaultClaudeModels;
  const eventDelayMs = options.eventDelayMs === undefined ? 0 : options.eventDelayMs;
  let calls = 0;
  let requestCount = 0;

  const server = await startLoopbackServer(
    { name: 'Claude simulator', port: options.port ?? 0, maxBodyBytes },
    async (exchange) => {
      requestCount += 1;
      const requestId = `req_sim_${String(requestCount).padStart(6, '0')}`;
      const record = openRecord(exchange);
      log.open(record);
      try {
        await route(exchange, record, requestId);
      } catch (error) {
        if (!(error instanceof ClaudeApiError)) throw error;
        await sendError(exchange, record, requestId, error);
      }
    },
  );

  async function route(exchange: Exchange, record: OpenRecord, requestId: string): Promise<void> {
    const { method, path } = exchange;
    if (method === 'HEAD' && path === '/') return sendJson(exchange, record, requestId, 200, '');
    const isMessages = path === '/v1/messages';
    const isCount = path === '/v1/messages/count_tokens';
    const isModels = path === '/v1/models' || path.startsWith('/v1/models/');
    if (!isMessages && !isCount && !isModels) throw new ClaudeApiError(404, 'not_found_error', 'Not Found');
    if (method !== (isModels ? 'GET' : 'POST')) {
      throw new ClaudeApiError(405, 'invalid_request_error', 'Method Not Allowed');
    }
    checkKey(exchange.request.headers as { 'x-api-key'?: string; authorization?: string }, options.acceptKey);
    checkVersion(exchange);
    if (isModels) return sendJson(exchange, record, requestId, 200, modelsBody(path));

    if (exchange.isBodyTooLong) {
      throw new ClaudeApiError(413, 'request_too_large', 'Request exceeds the maximum size');
    }
    checkContentType(exchange);
    record.body = parseJsonBody(exchange.body);
    if (isCount) {
      const body = parseCountTokensBody(record.body);
      knownModel(body.model);
      checkConversation(body);
      return sendJson(
        exchange,
        record,
        requestId,
        200,
        JSON.stringify({ input_tokens: countClaudeInput(body) }),
      );
    }
    return answerCall(exchange, record, requestId);
  }

  async function answerCall(exchange: Exchange, record: OpenRecord, requestId: string): Promise<void> {
    const body = parseMessagesBody(record.body);
    const model = knownModel(body.model);
    checkConversation(body);
    const inputTokens = countClaudeInput(body);
    checkLimits(body, inputTokens, model);

    const callIndex = calls;
    calls += 1;
    record.callIndex = callIndex;
    const request = claudeAnswerRequest(body);
    const { prompt } = request;
    const call: ClaudeCall = { body, headers: record.headers, prompt, inputTokens };
    const scripted = (await options.respond?.(call, callIndex)) ?? script.shift() ?? {};
    const fault = scripted.fault ?? faults.take(callIndex) ?? request.markers.fault;
    record.fault = fault ?? null;
    const failure = claudeFaultError(fault, body.model);
    if (failure !== null) throw failure;
    if (fault?.kind === 'bad-gateway') return sendBadGateway(exchange, record);

    const isScripted = scripted.text !== undefined || scripted.content !== undefined;
    const answer = isScripted ? scripted : { ...builtInAnswer(request), ...scripted };
    const content = spoilToolCalls(
      answer.content ?? [{ type: 'text', text: answer.text ?? '' }],
      fault,
      request,
    );
    const message = makeClaudeMessage(body, { ...answer, content }, inputTokens, callIndex);
    const headers = {
      'request-id': requestId,
      'anthropic-organization-id': 'org_simulated',
      ...options.headers,
    };
    const delivery =
      body.stream === true
        ? await deliverStream(exchange, {
            headers: {
              ...headers,
              'content-type': 'text/event-stream; charset=utf-8',
              'cache-control': 'no-cache',
            },
            frames: claudeEvents(message, options.pieceCharacters ?? 24),
            malformedFrame:
              'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n',
            errorFrame: (text) =>
              sse({ type: 'error', error: { type: 'overloaded_error', message: text ?? 'Overloaded' } } as {
                type: string;
              }),
            fault,
            eventDelayMs,
          })
        : await deliverBody(exchange, {
            status: 200,
            headers: { ...headers, 'content-type': 'application/json' },
            body: claudeBody(message),
            outputTokens: message.usage.outputTokens,
            fault,
          });
    endRecord(record, delivery);
    log.bill(record, { ...message.usage, outputTokens: delivery.outputTokens });
  }

  function knownModel(id: string): ClaudeModel {
    const model = findClaudeModel(models, id, options.models === undefined);
    if (model === null) throw new ClaudeApiError(404, 'not_found_error', `model: ${id}`);
    return model;
  }

  function modelsBody(path: string): string {
    if (path !== '/v1/models') {
      return JSON.stringify(modelInfo(knownModel(decodeURIComponent(path.slice('/v1/models/'.length)))));
    }
    return JSON.stringify({
      data: models.map(modelInfo),
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    });
  }

  return {
    url: server.url,
    port: server.port,
    requests: log.requests,
    get usageTotals() {
      return log.usageTotals;
    },
    get chargedTokens() {
      return chargedTokens(log.usageTotals);
    },
    script,
    faults,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

function checkVersion({ request }: Exchange): void {
  const version = request.headers['anthropic-version'];
  if (version === undefined) {
    throw new ClaudeApiError(400, 'invalid_request_error', 'anthropic-version: header is required');
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(String(version))) {
    throw new ClaudeApiError(
      400,
      'invalid_request_error',
      `anthropic-version: "${version}" is not a valid version`,
    );
  }
}

function checkContentType({ request }: Exchange): void {
  if (/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return;
  throw new ClaudeApiError(400, 'invalid_request_error', 'content-type: must be application/json');
}

function openRecord(exchange: Exchange): OpenRecord {
  return {
    method: exchange.method,
    path: exchange.path,
    query: exchange.query,
    headers: exchange.request.headers,
    body: undefined,
    bodyBytes: exchange.bodyBytes,
    callIndex: null,
    status: null,
    outcome: 'pending',
    fault: null,
    billed: null,
    promptTruncated: false,
  };
}

function endRecord(record: OpenRecord, delivery: Delivery): void {
  record.status = delivery.status;
  record.outcome = delivery.outcome;
}

async function sendError(
  exchange: Exchange,
  record: OpenRecord,
  requestId: string,
  error: ClaudeApiError,
): Promise<void> {
  const body = errorBody(error.type, error.message, requestId);
  await sendJson(exchange, record, requestId, error.status, body, error.headers);
}

async function sendJson(
  exchange: Exchange,
  record: OpenRecord,
  requestId: string,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const delivery = await deliverBody(exchange, {
    status,
    headers: { 'content-type': 'application/json', 'request-id': requestId, ...headers },
    body,
    outputTokens: 0,
    fault: undefined,
  });
  endRecord(record, delivery);
}

async function sendBadGateway(exchange: Exchange, record: OpenRecord): Promise<void> {
  const delivery = await deliverBody(exchange, {
    status: 502,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n',
    outputTokens: 0,
    fault: undefined,
  });
  endRecord(record, delivery);
}
