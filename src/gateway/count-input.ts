import { isRecord } from '../messages/open-record.ts';
import type { MessagesRequest } from '../messages/types.ts';
import type { Upstream } from './upstream.ts';

/** `count_tokens` is an estimate (https://docs.anthropic.com/en/docs/build-with-claude/token-counting): 5 % and 64 tokens are added. */
const marginFactor = 1.05;
const marginTokens = 64;

/** Fields that `count_tokens` refuses. */
const notForCounting: ReadonlySet<string> = new Set([
  ...['max_tokens', 'metadata', 'stop_sequences', 'stream', 'temperature', 'top_p', 'top_k'],
  ...['service_tier', 'container', 'inference_geo', 'diagnostics', 'user_profile_id', 'workspace_id'],
]);

/**
 * Upper bound of a request's input as Claude counts it, asked with the client's own headers and without charge; null where Claude does not
 * say. Only for requests whose own bound does not fit, because it costs a round trip and a copy of the body.
 */
export async function countInput(
  request: MessagesRequest,
  headers: string[],
  upstream: Upstream,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const fields = Object.entries(request).filter(([name]) => !notForCounting.has(name));
    const body = Buffer.from(JSON.stringify(Object.fromEntries(fields)));
    const path = '/v1/messages/count_tokens?beta=true';
    const answer = await upstream.fetch({ method: 'POST', path, headers, body, isStream: true }, signal);
    if (answer.status !== 200) return null;
    const counted: unknown = JSON.parse(answer.body.toString('utf8'));
    const tokens = isRecord(counted) ? counted['input_tokens'] : undefined;
    if (typeof tokens !== 'number' || !Number.isFinite(tokens) || tokens < 0) return null;
    return Math.ceil(tokens * marginFactor) + marginTokens;
  } catch {
    // Counting is an attempt to fit; where it fails, the refusal of the bound stands and is reported.
    return null;
  }
}
