import { type InputBound, inputBoundTokens } from '../messages/input-bound.ts';
import { isRecord } from '../messages/open-record.ts';
import type { MessagesRequest } from '../messages/types.ts';

/** A request body, read once. */
export type ParsedBody =
  | {
      readonly ok: true;
      readonly request: MessagesRequest;
      readonly isStream: boolean;
      readonly bound: InputBound;
    }
  /** What is wrong, in the words of the Messages API. */
  | { readonly ok: false; readonly message: string };

/** The Messages API's own limit; the name goes into the ledger and the log. */
const maxModelCharacters = 256;

/**
 * Reads the little that the gateway must know of a `POST /v1/messages`: whether the budget can bound it, and what is asked. Only what the
 * bound depends on is checked; every other mistake is Claude's to refuse.
 */
export function parseMessagesBody(body: Buffer): ParsedBody {
  const value = parseJson(body);
  if (value instanceof Error) return no(`The request body is not valid JSON: ${value.message}`);
  if (!isRecord(value)) return no('body: Input should be a valid dictionary');
  const { model, messages, max_tokens: maxTokens } = value;
  if (model === undefined) return no('model: Field required');
  if (typeof model !== 'string') return no('model: Input should be a valid string');
  if (model.length > maxModelCharacters) {
    return no(`model: String should have at most ${maxModelCharacters} characters`);
  }
  if (messages === undefined) return no('messages: Field required');
  if (!Array.isArray(messages)) return no('messages: Input should be a valid array');
  if (messages.length === 0) return no('messages: at least one message is required');
  const bad = messages.findIndex((message) => !isRecord(message));
  if (bad >= 0) return no(`messages.${bad}: Input should be a valid object`);
  if (maxTokens === undefined) return no('max_tokens: Field required');
  if (typeof maxTokens !== 'number') return no('max_tokens: Input should be a valid number');
  if (!Number.isInteger(maxTokens)) return no('max_tokens: Input should be a valid int');
  if (maxTokens < 1) return no('max_tokens: Input should be greater than or equal to 1');
  const request = value as unknown as MessagesRequest;
  try {
    const bound = inputBoundTokens(request);
    // Such a request is written anew for whoever counts it; a bound has looked at all that would be written of others.
    if (!bound.bounded) JSON.stringify(request);
    return { ok: true, request, isStream: value['stream'] === true, bound };
  } catch (error) {
    if (error instanceof RangeError) return no('body: it is nested too deeply');
    throw error;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function no(message: string): ParsedBody {
  return { ok: false, message };
}
