import { countTextTokens, countValueTokens } from '../count-tokens.ts';
import type { CountTokensBody } from './claude-request.ts';

/** Tokens around the whole request and around each message. */
const requestFraming = 3;
const messageFraming = 4;

/**
 * Input tokens of a request: what `count_tokens` answers and `usage.input_tokens` reports. Never above the bytes of the request as
 * JSON, and counted from `system`, `tools` and `messages` alone.
 */
export function countClaudeInput(body: CountTokensBody): number {
  let tokens = requestFraming;
  for (const { content } of body.messages) {
    tokens +=
      messageFraming + (typeof content === 'string' ? countTextTokens(content) : countValueTokens(content));
  }
  if (body.system) tokens += countValueTokens(body.system);
  if (body.tools !== undefined && body.tools.length > 0) tokens += countValueTokens(body.tools);
  return tokens;
}
