import { sendApiError } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';
import { passThrough } from '../pass-through.ts';

/** Requests that change something at Anthropic without spending tokens. */
const freePosts = /^\/v1\/(files|skills(\/[\w-]+(\/versions)?)?|messages\/batches\/[\w-]+\/cancel)$/;
/** Nothing that two servers could read as two different paths. */
const plainPath = /^\/v1(\/[\w-]+(\.[\w-]+)*)+$/;

/**
 * Every other `/v1` endpoint. What cannot spend tokens passes through: reading, deleting, files. What can, such as batches, is refused,
 * because its tokens would be spent later and outside of any hold.
 */
export async function otherRoute(exchange: Exchange, gateway: GatewayParts): Promise<void> {
  const { path, request, response } = exchange;
  const { method = 'GET' } = request;
  const isFree = method === 'GET' || method === 'HEAD' || method === 'DELETE' || freePosts.test(path);
  if (!plainPath.test(path)) {
    sendApiError(response, { status: 404, type: 'not_found_error', message: 'Not Found' });
  } else if (!isFree) {
    sendApiError(response, {
      status: 403,
      type: 'permission_error',
      message: `${method} ${path} spends tokens that the budget cannot hold, so this gateway does not pass it on. Use POST /v1/messages, or ask Claude's own API.`,
      headers: { 'x-should-retry': 'false' },
    });
  } else {
    await passThrough(exchange, gateway, null);
  }
}
