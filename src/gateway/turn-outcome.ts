import { isUnpaid } from '../agents/claude-error.ts';
import { isRecord, type OpenRecord, textOf } from '../messages/open-record.ts';
import { chargedTokens } from '../messages/token-usage.ts';
import { mostTokens } from '../state/check-arguments.ts';
import type { TurnOutcome } from '../state/Ledger.ts';
import type { ApiError } from './api-error.ts';
import { jsonObject } from './json-object.ts';
import type { RelayOutcome } from './relay-claude.ts';
import type { UpstreamAnswer } from './upstream.ts';

/** What a request cost: see the ledger's states of a turn. */
export function turnOutcome(outcome: RelayOutcome, latencyMs: number): TurnOutcome {
  switch (outcome.kind) {
    case 'error-answer':
      return isCertainlyFree(outcome.answer)
        ? { kind: 'not-charged', reason: `Claude answered ${outcome.answer.status}` }
        : { kind: 'unknown', reason: `Claude answered ${outcome.answer.status}` };
    case 'broken':
      if (outcome.isFree) return { kind: 'not-charged', reason: outcome.reason };
      break;
    case 'answered':
    case 'client-gone':
      break;
  }
  if (outcome.usage !== undefined && chargedTokens(outcome.usage) > mostTokens) {
    return { kind: 'unknown', reason: 'its usage was reported as more than any answer can have' };
  }
  if (outcome.usage !== undefined && outcome.isFinal) {
    return { kind: 'usage', usage: outcome.usage, latencyMs };
  }
  return {
    kind: 'unknown',
    reason: outcome.kind === 'broken' ? outcome.reason : 'its usage was not reported',
  };
}

/**
 * An error in Anthropic's own form charges nothing. 408 and 504 come after work was done; a 5xx without that form comes from something
 * in between, and nobody knows. The same rule as in agents/claude-error.ts.
 */
function isCertainlyFree(answer: UpstreamAnswer): boolean {
  const { status } = answer;
  if (status < 400 || status === 408 || status === 504) return false;
  return status < 500 || errorTypeOf(answer) !== '';
}

/** ` (type)` of an error in Anthropic's own form; empty for any other body. */
export function errorTypeOf({ body }: UpstreamAnswer): string {
  const type = textOf(errorFields(body)['type']);
  return /^[a-z_]{1,60}$/.test(type) ? ` (${type})` : '';
}

/** Claude's error as one that can end a stream which has begun. */
export function errorOf({ status, body }: UpstreamAnswer): ApiError {
  const fields = errorFields(body);
  const type = textOf(fields['type']) || 'api_error';
  return { status, type, message: textOf(fields['message']) || `Claude answered ${status}` };
}

/** Whether another may answer in Claude's place: no mistake of the client's. */
export function mayPassOn(answer: UpstreamAnswer): boolean {
  const { status } = answer;
  if (status === 429 || status === 408 || status >= 500) return true;
  const { type, message } = errorOf(answer);
  return (status === 400 || status === 402 || status === 403) && isUnpaid(status, { type, message });
}

function errorFields(body: Buffer): OpenRecord {
  const error = jsonObject(body)?.['error'];
  return isRecord(error) ? error : {};
}
