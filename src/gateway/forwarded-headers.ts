import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Headers that belong to one connection (RFC 9110, 7.6.1), and those that describe a body as it was framed. */
const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te'],
  ...['trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
]);

const notForUpstream: ReadonlySet<string> = new Set(['host', 'content-length', 'accept-encoding', 'expect']);
const notForClient: ReadonlySet<string> = new Set(['content-length', 'content-encoding']);

/** Prefix of the headers that speak to, or come from, the gateway itself. */
const ownPrefix = 'x-teelamma-';

/**
 * The client's headers as they go to Claude: an open list, in its order and spelling. Left out are those of the connection and the
 * gateway's own. `accept-encoding` becomes `identity`, so that usage can be read on the way through. Where the client showed a gateway
 * key, `credential` takes the place of its credentials.
 * @returns names and values in turn, as undici takes them
 */
export function headersForUpstream(
  request: IncomingMessage,
  credential: readonly [name: string, value: string] | null,
): string[] {
  const { rawHeaders } = request;
  const nominated = nominatedByConnection(request.headers);
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || notForUpstream.has(lower) || lower.startsWith(ownPrefix)) continue;
    if (nominated?.has(lower)) continue;
    if (credential !== null && (lower === 'x-api-key' || lower === 'authorization')) continue;
    headers.push(name, rawHeaders[index + 1] as string);
  }
  if (credential !== null) headers.push(...credential);
  headers.push('accept-encoding', 'identity');
  return headers;
}

/** The upstream's headers as they go to the client: an open list without those of the connection and of the body's framing. */
export function headersForClient(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const nominated = nominatedByConnection(headers);
  const forwarded: Record<string, string | string[]> = {};
  for (const name in headers) {
    if (hopByHop.has(name) || notForClient.has(name) || nominated?.has(name)) continue;
    const value = headers[name];
    if (value !== undefined) forwarded[name] = value;
  }
  return forwarded;
}

function nominatedByConnection({ connection }: IncomingHttpHeaders): ReadonlySet<string> | null {
  if (typeof connection !== 'string' || connection === 'keep-alive' || connection === 'close') return null;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}
