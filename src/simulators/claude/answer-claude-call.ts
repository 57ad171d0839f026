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
import { ClaudeApiError } from './ClaudeApiError.ts';
import { claudeAnswerRequest } from './claude-answer-request.ts';
import { claudeBody } from './claude-body.ts';
import { claudeEvents, sse } from './claude-events.ts';
import { claudeFaultError } from './claude-fault.ts';
import { makeClaudeMessage } from './claude-message.ts';
import type { MessagesBody } from './claude-request.ts';

/** One model call as `respond` sees it. */
export interface ClaudeCall {
  readonly body: MessagesBody;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** Text of the last message that a user wrote. */
  readonly prompt: string;
  readonly inputTokens: number;
}

/**
 * Answers a `POST /v1/messages` that has passed every check.
 * @throws ClaudeApiError where the fault is an error answer
 */
export async function answerClaudeCall(
  request: OpenRequest,
  state: CallState,
  body: MessagesBody,
  inputTokens: number,
  answerHeaders: Readonly<Record<string, string>>,
  options: SimulatorOptions<ClaudeCall>,
): Promise<void> {
  const { exchange, record } = request;
  const callIndex = state.takeCallIndex();
  record.callIndex = callIndex;
  const asked = claudeAnswerRequest(body);
  const call: ClaudeCall = { body, headers: record.headers, prompt: asked.prompt, inputTokens };
  const { scripted, fault } = await chooseAnswer(
    call,
    callIndex,
    options.respond,
    state,
    asked.markers.fault,
  );
  record.fault = fault ?? null;
  const { limitHeaders = {} } = asked.markers;
  const failure = claudeFaultError(fault, body.model);
  if (failure !== null) {
    throw new ClaudeApiError(failure.status, failure.type, failure.message, {
      ...failure.headers,
      ...limitHeaders,
    });
  }
  if (fault?.kind === 'bad-gateway') return sendBadGateway(request);

  const answer = answerBlocks(scripted) === null ? { ...builtInAnswer(asked), ...scripted } : scripted;
  const content = spoilToolCalls(answerBlocks(answer) ?? [], fault, asked);
  const message = makeClaudeMessage(body, { ...answer, content }, inputTokens, callIndex);
  const report = (delivery: Delivery) => request.report(delivery, message.usage);
  if (body.stream === true) {
    return deliverStream(exchange, {
      headers: {
        ...answerHeaders,
        ...limitHeaders,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      },
      frames: claudeEvents(message, options.pieceCharacters ?? 24),
      malformedFrame,
      errorFrame,
      fault,
      eventDelayMs: options.eventDelayMs === undefined ? 0 : options.eventDelayMs,
      report,
    });
  }
  return deliverBody(exchange, {
    status: 200,
    headers: { ...answerHeaders, ...limitHeaders, 'content-type': 'application/json' },
    body: claudeBody(message),
    outputTokens: message.usage.outputTokens,
    fault,
    report,
  });
}

const malformedFrame = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n';

function errorFrame(message: string | undefined): string {
  const error = { type: 'overloaded_error', message: message ?? 'Overloaded' };
  return sse({ type: 'error', error });
}
