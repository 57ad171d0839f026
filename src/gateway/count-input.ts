import type { MessagesRequest } from '../messages/types.ts';
import { jsonObject } from './json-object.ts';
import { errorTypeOf } from './turn-outcome.ts';
import { describeFailure, type Upstream, type UpstreamAnswer } from './upstream.ts';

/** `count_tokens` is an estimate (https://docs.anthropic.com/en/docs/build-with-claude/token-counting): 5 % and 64 tokens are added. */
const marginFactor = 1.05;
const marginTokens = 64;

/** Fields that `count_tokens` refuses. */
const notForCounting: ReadonlySet<string> = new Set([
  ...['max_tokens', 'metadata', 'stop_sequences', 'stream', 'temperature', 'top_p', 'top_k'],
  ...['service_tier', 'container', 'inference_geo', 'diagnostics', 'user_profile_id', 'workspace_id'],
]);

/** What Claude says of a request's input, as an upper bound; or why it does not say. */
export type InputCount =
  | { readonly kind: 'counted'; readonly tokens: number }
  /** Claude's own error, in its own form. */
  | { readonly kind: 'refused'; readonly answer: UpstreamAnswer }
  /** A sentence without its full stop. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Asks Claude to count, with the client's own headers and without charge. Only for requests whose own bound does not fit, because it costs a
 * round trip and a copy of the body.
 */
export async function countInput(
  request: MessagesRequest,
  headers: string[],
  upstream: Upstream,
  signal: AbortSignal,
): Promise<InputCount> {
  const fields = Object.entries(request).filter(([name]) => !notForCounting.has(name));
  const body = Buffer.from(JSON.stringify(Object.fromEntries(fields)));
  const path = '/v1/messages/count_tokens?beta=true';
  let answer: UpstreamAnswer;
  try {
    answer = await upstream.fetch({ method: 'POST', path, headers, body, isStream: true }, signal);
  } catch (error) {
    return { kind: 'failed', reason: describeFailure(error).reason };
  }
  const isOwnError = answer.status >= 400 && errorTypeOf(answer) !== '';
  if (isOwnError) return { kind: 'refused', answer };
  const tokens = countedTokens(answer);
  if (tokens === null) {
    return { kind: 'failed', reason: `Claude did not count this request (it answered ${answer.status})` };
  }
  return { kind: 'counted', tokens: Math.ceil(tokens * marginFactor) + marginTokens };
}

function countedTokens({ status, body }: UpstreamAnswer): number | null {
  if (status !== 200) return null;
  const tokens = jsonObject(body)?.['input_tokens'];
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens >= 0 ? tokens : null;
}
