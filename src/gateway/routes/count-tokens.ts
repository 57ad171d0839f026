import { asClaudeTakesIt } from '../../messages/edit-request.ts';
import { isRecord } from '../../messages/open-record.ts';
import type { MessagesRequest } from '../../messages/types.ts';
import { sendJson } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';
import { jsonObject } from '../json-object.ts';
import { passThrough } from '../pass-through.ts';

/** What a token of English and code takes, in bytes of JSON; Claude's own count is usually lower. */
const bytesPerToken = 3;

/** `POST /v1/messages/count_tokens`: free, so Claude is asked; where it cannot be, an estimate from the bytes, marked as such. */
export async function countTokensRoute(exchange: Exchange, gateway: GatewayParts): Promise<void> {
  const estimate = (body: Buffer | null) => {
    const counted = { input_tokens: Math.ceil((body?.length ?? 0) / bytesPerToken) };
    sendJson(exchange.response, 200, counted, { 'x-teelamma-reason': 'Estimated: Claude cannot be asked' });
  };
  await passThrough(exchange, gateway, estimate, withoutLocalThinking);
}

/** As for an answer: a conversation that a local model had a part in could not be counted otherwise. */
function withoutLocalThinking(body: Buffer): Buffer {
  const messages = body.includes('"thinking"') ? jsonObject(body)?.['messages'] : undefined;
  if (!Array.isArray(messages) || !messages.every(isRecord)) return body;
  return asClaudeTakesIt(body, { messages: messages as unknown as MessagesRequest['messages'] });
}
