import { answerMessages } from '../answer-messages.ts';
import { sendApiError } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';
import { parseMessagesBody } from '../parse-messages-body.ts';
import { readBody } from '../read-body.ts';

/** `POST /v1/messages`, streamed or not. */
export async function messagesRoute(exchange: Exchange, gateway: GatewayParts): Promise<void> {
  const read = await readBody(exchange.request);
  if (read.kind === 'gone') return;
  if (read.kind === 'too-large') {
    const message = 'Request exceeds the maximum size of 32 MB';
    sendApiError(exchange.response, {
      status: 413,
      type: 'request_too_large',
      message,
      headers: { connection: 'close' },
    });
    return;
  }
  const encoding = exchange.request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const message = `The request body is encoded as "${encoding}", which cannot be bounded. Send it as it is, without content-encoding`;
    sendApiError(exchange.response, { status: 415, type: 'invalid_request_error', message });
    return;
  }
  const parsed = parseMessagesBody(read.body);
  if (!parsed.ok) {
    const error = { status: 400, type: 'invalid_request_error', message: parsed.message };
    sendApiError(exchange.response, error);
    return;
  }
  await answerMessages(exchange, read.body, parsed, gateway);
}
