import { messageOf } from '../errors.ts';
import { isRecord, textOf } from '../messages/open-record.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import { connectionFailure } from './connection-failure.ts';
import { retryAfterMs } from './retry-after.ts';
import { SpecialistError, type SpecialistErrorOptions, type SpecialistFailure } from './Specialist.ts';

/** What is known of the call that failed. */
export interface FailedClaudeCall {
  readonly baseUrl: string;
  /** False where the request certainly never left. */
  readonly wasSent: boolean;
  /** Whether an event of the stream arrived, so an error after it came within an answer. */
  readonly hasContent: boolean;
  readonly usage: TokenUsage | undefined;
  readonly usageIsFinal: boolean;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/**
 * Turns what the SDK threw into a SpecialistError. The rule for `reached`: an error in Anthropic's own form before any content
 * charges nothing; without that form (a proxy's page) nobody knows; a connection that never came about sent nothing.
 *
 * @see https://docs.anthropic.com/en/api/errors
 */
export function claudeError(error: unknown, call: FailedClaudeCall): SpecialistError {
  const status = isRecord(error) && typeof error['status'] === 'number' ? error['status'] : undefined;
  const body = anthropicError(error);
  if (status !== undefined) return httpError(error, status, body, call);
  if (body !== undefined) return streamError(error, body, call);
  return brokenError(error, call);
}

/** A SpecialistError for the call, with the usage that is known and no secret in its message. */
export function claudeFailure(
  call: FailedClaudeCall,
  options: Pick<SpecialistErrorOptions, 'failure' | 'message' | 'reached' | 'cause'> &
    Partial<SpecialistErrorOptions>,
): SpecialistError {
  const { usage, usageIsFinal } = call;
  return new SpecialistError({
    agent: 'claude-specialist',
    ...options,
    ...(options.reached === 'started' && usage !== undefined ? { usage, usageIsFinal } : {}),
    message: withoutSecrets(options.message, call.secrets),
    cause: holdsSecret(options.cause, call.secrets) ? undefined : options.cause,
  });
}

interface AnthropicError {
  readonly type: string;
  readonly message: string;
}

function anthropicError(error: unknown): AnthropicError | undefined {
  const body = isRecord(error) ? error['error'] : undefined;
  const inner = isRecord(body) ? body['error'] : undefined;
  if (!isRecord(inner) || typeof inner['type'] !== 'string') return undefined;
  return { type: inner['type'], message: textOf(inner['message']) };
}

function httpError(
  error: unknown,
  status: number,
  body: AnthropicError | undefined,
  call: FailedClaudeCall,
): SpecialistError {
  const { failure, advice } = classify(status, body);
  // 408 and 504 come after work was done; a 5xx without Anthropic's form comes from something in between.
  const mayHaveWorked = status === 408 || status === 504 || (status >= 500 && body === undefined);
  const headers = isRecord(error) && error['headers'] instanceof Headers ? error['headers'] : new Headers();
  const waitMs = failure === 'rate-limited' || status >= 500 ? retryAfterMs(headers, call.nowMs) : undefined;
  const said =
    body?.message.replace(/\.$/, '') || 'no error of the Messages API, so probably a proxy in between';
  return claudeFailure(call, {
    failure,
    reached: mayHaveWorked ? 'started' : 'refused',
    status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    message: `Claude at ${call.baseUrl} answered ${status}: ${said}. ${advice}`,
    cause: error,
  });
}

interface Class {
  readonly failure: SpecialistFailure;
  readonly advice: string;
}

const tooLong = /prompt is too long|context (window|length)|exceeds? .*(context|maximum).*tokens?/i;
const unpaid = /credit balance|billing|spend limit/i;

/** Whether Claude refuses because nobody pays for it any more; `credit balance is too low` comes as 400 `invalid_request_error`. */
export function isUnpaid(status: number | undefined, { type, message }: AnthropicError): boolean {
  return status === 402 || type === 'billing_error' || unpaid.test(message);
}

function classify(status: number | undefined, body: AnthropicError | undefined): Class {
  const said = body?.message ?? '';
  const type = body?.type ?? '';
  if (status === 429 || type === 'rate_limit_error') {
    return { failure: 'rate-limited', advice: 'Wait until the limit is free again.' };
  }
  if (status === 529 || status === 503 || type === 'overloaded_error') {
    return { failure: 'overloaded', advice: 'Try again later.' };
  }
  if (isUnpaid(status, { type, message: said })) {
    return { failure: 'authentication', advice: 'Check the credit of the Anthropic account.' };
  }
  if (status === 401 || status === 403 || type === 'authentication_error' || type === 'permission_error') {
    return { failure: 'authentication', advice: 'Check the key in ANTHROPIC_API_KEY.' };
  }
  if (status === 408 || status === 504 || type === 'timeout_error') {
    return { failure: 'timeout', advice: 'Try again later.' };
  }
  if (tooLong.test(said)) return { failure: 'context-too-long', advice: 'Make the request shorter.' };
  if (type === 'not_found_error' && /model/i.test(said)) {
    return { failure: 'model-missing', advice: 'Choose another Claude model.' };
  }
  if (status !== undefined && status < 500) {
    return { failure: 'invalid-request', advice: 'The same request will be refused again.' };
  }
  if (type === 'invalid_request_error') {
    return { failure: 'invalid-request', advice: 'The same request will be refused again.' };
  }
  return { failure: 'server-error', advice: 'Try again later.' };
}

/** An SSE `error` event under status 200. */
function streamError(error: unknown, body: AnthropicError, call: FailedClaudeCall): SpecialistError {
  const { failure, advice } = classify(undefined, body);
  return claudeFailure(call, {
    failure,
    reached: call.hasContent ? 'started' : 'refused',
    message: `Claude at ${call.baseUrl} ended its answer with an error: ${body.message.replace(/\.$/, '') || body.type}. ${advice}`,
    cause: error,
  });
}

function brokenError(error: unknown, call: FailedClaudeCall): SpecialistError {
  const { reached, code } = connectionFailure(error);
  if (!call.wasSent || reached === 'not-sent') {
    return claudeFailure(call, {
      failure: 'unreachable',
      reached: 'not-sent',
      message: `Claude at ${call.baseUrl} cannot be reached (${code ?? reason(error)}). Check the network and the URL.`,
      cause: error,
    });
  }
  return claudeFailure(call, {
    failure: 'stream-broken',
    reached: 'started',
    message: `The connection to Claude at ${call.baseUrl} broke before the answer was whole (${code ?? reason(error)}). Try again.`,
    cause: error,
  });
}

function reason(error: unknown): string {
  if (error instanceof SyntaxError) return 'an event is not JSON';
  const text = messageOf(error);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}

/** A server may repeat the key in its answer; such a cause is not passed on. */
function holdsSecret(cause: unknown, secrets: readonly string[]): boolean {
  if (secrets.length === 0 || !(cause instanceof Error)) return false;
  const detail = isRecord(cause) ? JSON.stringify(cause['error'] ?? '') : '';
  const text = `${cause.message}${cause.stack ?? ''}${detail}`;
  return secrets.some((secret) => text.includes(secret)) || holdsSecret(cause.cause, secrets);
}
