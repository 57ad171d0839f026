import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/node';

export interface RequestGuardOptions {
  /** What the server listens on. */
  readonly host: string;
  /** Further names under which clients reach it. */
  readonly allowedHosts: readonly string[];
  /** Asked of every request as `Authorization: Bearer`, where given. */
  readonly token: string | undefined;
}

/**
 * Whether a request may go on; if not, it has been answered. `Host` and, where a browser sends it, `Origin` must name this server, so
 * that no web page can reach it under a name of its own (DNS rebinding); then the token.
 */
export function requestGuard(
  options: RequestGuardOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const names = [...ownNames(options.host), ...options.allowedHosts.map(bracketed)];
  const isHostAllowed = hostHeaderValidation(names);
  const isOriginAllowed = originValidation(names);
  const expected = options.token === undefined ? null : digest(options.token);
  return (request, response) => {
    if (!isHostAllowed(request, response) || !isOriginAllowed(request, response)) return false;
    if (expected === null || hasToken(request, expected)) return true;
    response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer' });
    const message = 'This server wants its token: send the header Authorization: Bearer <TEELAMMA_MCP_TOKEN>';
    response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } }));
    return false;
  };
}

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether only programs on this machine can reach a server that listens on this host. */
export function isLoopback(host: string): boolean {
  return loopbackNames.includes(bracketed(host)) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function ownNames(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [...loopbackNames, bracketed(host)];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...loopbackNames, hostname(), ...addresses.map(({ address }) => bracketed(address))];
}

/** As a URL writes it: an IPv6 address in brackets. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function hasToken(request: IncomingMessage, expected: Buffer): boolean {
  const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Digests have one length, and comparing them takes the same time wherever they differ.
  return given !== undefined && timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
