import { builtInAnswer } from '../built-in-answer.ts';
import { type Delivery, deliverBody, deliverStream } from '../deliver.ts';
import { answerBlocks } from '../scripted-answer.ts';
import {
  type CallState,
  chooseAnswer,
  type OpenRequest,
  type SimulatorOptions,
  sendBadGateway,
} from '../start-simulator.ts';
import { spoilToolCalls } from '../tool-faults.ts';
import { makeChatAnswer } from './chat-answer.ts';
import { chatBodyText, chatLines, line } from './chat-lines.ts';
import { type ChatBody, parseBody, parseChatBody } from './chat-request.ts';
import { fitContext } from './fit-context.ts';
import { modelNotFound, OllamaApiError } from './OllamaApiError.ts';
import { ollamaAnswerRequest } from './ollama-answer-request.ts';
import { ollamaFaultError } from './ollama-fault.ts';
import { findOllamaModel, type OllamaModel, registryName } from './ollama-models.ts';
import { sendJson } from './send-json.ts';

/** One chat call as `respond` sees it. */
export interface OllamaCall {
  readonly body: ChatBody;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** Text of the last message that a user wrote, as far as it fitted the context. */
  readonly prompt: string;
  readonly promptTokens: number;
  /** The context that the model is loaded with. */
  readonly contextTokens: number;
}

/** Models that are in memory, by name. */
export interface LoadedModels {
  /** Loads a model where it is not, or with another context; true where that was necessary. */
  load(model: OllamaModel, contextTokens: number): boolean;
  unload(model: OllamaModel): void;
}

/**
 * Answers `POST /api/chat`.
 * @throws OllamaApiError
 */
export async function answerChat(
  request: OpenRequest,
  state: CallState,
  models: readonly OllamaModel[],
  loaded: LoadedModels,
  options: SimulatorOptions<OllamaCall> & { readonly defaultContextTokens?: number },
): Promise<void> {
  const { exchange, record } = request;
  record.body = parseBody(exchange.body);
  const body = parseChatBody(record.body);
  const model = findOllamaModel(models, body.model);
  if (model === undefined) throw modelNotFound(body.model);
  checkCapabilities(body, model);
  if ((body.messages ?? []).length === 0) return answerEmpty(request, body, model, loaded, options);

  const contextTokens = contextOf(body, model, options.defaultContextTokens);
  const isLoad = loaded.load(model, contextTokens);
  const prompt = fitContext(body, contextTokens);
  record.promptTruncated = prompt.isTruncated;
  const callIndex = state.takeCallIndex();
  record.callIndex = callIndex;
  const canThink = model.capabilities.includes('thinking');
  const answerRequest = ollamaAnswerRequest(body, prompt.messages, canThink);
  const call: OllamaCall = {
    body,
    headers: record.headers,
    prompt: answerRequest.prompt,
    promptTokens: prompt.promptTokens,
    contextTokens,
  };
  const { scripted, fault } = await chooseAnswer(
    call,
    callIndex,
    options.respond,
    state,
    answerRequest.markers.fault,
  );
  record.fault = fault ?? null;
  const failure = ollamaFaultError(fault, body.model);
  if (failure !== null) throw failure;
  if (fault?.kind === 'bad-gateway') return sendBadGateway(request);

  const answer =
    answerBlocks(scripted) === null ? { ...builtInAnswer(answerRequest), ...scripted } : scripted;
  const content = spoilToolCalls(answerBlocks(answer) ?? [], fault, answerRequest);
  const chat = makeChatAnswer(
    body,
    { ...answer, content },
    prompt.promptTokens,
    contextTokens,
    callIndex,
    isLoad,
  );
  const report = (delivery: Delivery) => request.report(delivery, chat.usage);
  if (body.stream !== false) {
    return deliverStream(exchange, {
      headers: { 'content-type': 'application/x-ndjson' },
      frames: chatLines(chat, options.pieceCharacters ?? 24),
      malformedFrame: '{"model":"simulated","message":{"role":"assistant","cont\n',
      errorFrame: (message) => line({ error: message ?? runnerGone }),
      fault,
      eventDelayMs: options.eventDelayMs === undefined ? 0 : options.eventDelayMs,
      report,
    });
  }
  // Without a stream the server can still give the error its status.
  if (fault?.kind === 'error-event') return sendJson(request, 500, { error: fault.message ?? runnerGone });
  return deliverBody(exchange, {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: chatBodyText(chat),
    outputTokens: chat.usage.outputTokens,
    fault,
    report,
  });
}

const runnerGone = 'an error was encountered while running the model: unexpected EOF';

/** @throws OllamaApiError 400 */
function checkCapabilities(body: ChatBody, model: OllamaModel): void {
  const asksToThink = body.think === true || typeof body.think === 'string';
  if (asksToThink && !model.capabilities.includes('thinking')) {
    throw new OllamaApiError(400, `${JSON.stringify(body.model)} does not support thinking`);
  }
  if (!model.capabilities.includes('completion')) {
    throw new OllamaApiError(400, `${JSON.stringify(body.model)} does not support chat`);
  }
  if ((body.tools ?? []).length > 0 && !model.capabilities.includes('tools')) {
    throw new OllamaApiError(400, `${registryName(model)} does not support tools`);
  }
  const hasImages = body.messages?.some((message) => (message.images ?? []).length > 0) ?? false;
  if (hasImages && !model.capabilities.includes('vision')) {
    throw new OllamaApiError(
      500,
      'Failed to create new sequence: this model is missing data required for image input',
    );
  }
}

/** No messages: the model is loaded, or with `keep_alive: 0` put out of memory. */
async function answerEmpty(
  request: OpenRequest,
  body: ChatBody,
  model: OllamaModel,
  loaded: LoadedModels,
  options: { readonly defaultContextTokens?: number },
): Promise<void> {
  const isUnload = body.keep_alive === 0 || body.keep_alive === '0';
  if (isUnload) loaded.unload(model);
  else loaded.load(model, contextOf(body, model, options.defaultContextTokens));
  return sendJson(request, 200, {
    model: body.model,
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: isUnload ? 'unload' : 'load',
  });
}

/** `num_ctx`, at most what the model was trained for. */
function contextOf(body: ChatBody, model: OllamaModel, defaultTokens = 4096): number {
  const asked = body.options?.['num_ctx'];
  return Math.min(typeof asked === 'number' && asked > 0 ? asked : defaultTokens, model.contextTokens);
}
