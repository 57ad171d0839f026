import { sendJson } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';
import { passThrough } from '../pass-through.ts';

/** What a token of English and code takes, in bytes of JSON; Claude's own count is usually lower. */
const bytesPerToken = 3;

/** `POST /v1/messages/count_tokens`: free, so Claude is asked; where it cannot be, an estimate from the bytes, marked as such. */
export async function countTokensRoute(exchange: Exchange, gateway: GatewayParts): Promise<void> {
  await passThrough(exchange, gateway, (body) => {
    const estimate = { input_tokens: Math.ceil((body?.length ?? 0) / bytesPerToken) };
    sendJson(exchange.response, 200, estimate, { 'x-teelamma-reason': 'Estimated: Claude cannot be asked' });
  });
}
