import { gatewayHeader } from '../config/own-gateway.ts';
import { version } from '../version.ts';
import { sendApiError } from './api-error.ts';
import { headersForClient, headersForUpstream } from './forwarded-headers.ts';
import type { Exchange, GatewayParts } from './GatewayParts.ts';
import { readBody } from './read-body.ts';
import { describeFailure, type UpstreamAnswer } from './upstream.ts';

/**
 * Passes a request that spends no tokens to Claude, and its answer back unchanged. `standIn` answers where Claude cannot be asked, or is
 * out of order; without it the client is told. `edit` makes the body one that Claude takes.
 */
export async function passThrough(
  { request, response, path, client }: Exchange,
  gateway: GatewayParts,
  standIn: ((body: Buffer | null) => void) | null,
  edit: (body: Buffer) => Buffer = (body) => body,
): Promise<void> {
  const read = await readBody(request);
  if (read.kind === 'gone') return;
  if (read.kind === 'too-large') {
    const message = 'Request exceeds the maximum size of 32 MB';
    sendApiError(response, { status: 413, type: 'request_too_large', message });
    return;
  }
  const body = read.body.length > 0 ? read.body : null;
  if (client.credentials === '') {
    if (standIn !== null) standIn(body);
    else {
      const message = 'No key for Claude came with the request';
      sendApiError(response, { status: 401, type: 'authentication_error', message });
    }
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let answer: UpstreamAnswer;
  try {
    const { method = 'GET', url = path } = request;
    const headers = headersForUpstream(request, client.credential);
    const sent = body && edit(body);
    answer = await gateway.upstream.fetch(
      { method, path: url, headers, body: sent, isStream: false },
      gone.signal,
    );
  } catch (error) {
    if (gone.signal.aborted) return;
    if (standIn !== null) standIn(body);
    else {
      const { reason } = describeFailure(error);
      sendApiError(response, { status: 502, type: 'api_error', message: `${reason}. Ask again.` });
    }
    return;
  }
  if (standIn !== null && (answer.status === 429 || answer.status >= 500)) {
    standIn(body);
    return;
  }
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...headersForClient(answer.headers),
    ...(answer.headers['content-encoding'] && { 'content-encoding': answer.headers['content-encoding'] }),
    'content-length': String(answer.body.length),
    [gatewayHeader]: version,
  });
  response.end(answer.body);
}
