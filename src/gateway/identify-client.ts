import type { IncomingMessage } from 'node:http';
import { findGatewayKey, type GatewayKey } from './keys/gateway-key.ts';

/** Header for a gateway key beside the client's own Anthropic key. */
const gatewayKeyHeader = 'x-teelamma-key';

/** Who asks, and with which credentials Claude is asked for it. */
export interface Client {
  /** The gateway key that was shown; null where none is needed. */
  readonly key: GatewayKey | null;
  /** The gateway's own credential, in place of the client's; null where the client's own are used. */
  readonly credential: readonly [name: string, value: string] | null;
  /** Distinguishes credentials, in memory only; empty where there are none, so that Claude cannot be asked. */
  readonly credentials: string;
}

export interface AccessOptions {
  readonly keys: readonly GatewayKey[];
  /** Whether a request without a gateway key is refused. */
  readonly isKeyRequired: boolean;
  /** What Claude is asked with for clients that have a gateway key alone. */
  readonly ownCredential: readonly [name: string, value: string] | null;
}

/**
 * Reads the credentials of a request; null where it must be refused. A gateway key may stand in its own header, beside the client's
 * Anthropic key, or in the place of that key, and is never passed on.
 */
export function identifyClient({ headers }: IncomingMessage, access: AccessOptions): Client | null {
  const apiKey = typeof headers['x-api-key'] === 'string' ? headers['x-api-key'] : '';
  const bearer = headers.authorization ?? '';
  const own = { key: null, credential: null, credentials: apiKey + bearer };
  if (!access.isKeyRequired) return own;
  const shown = headers[gatewayKeyHeader];
  const inOwnHeader = typeof shown === 'string' ? shown : '';
  const found = findGatewayKey(access.keys, [inOwnHeader, apiKey, bearer.replace(/^Bearer\s+/i, '')]);
  if (found === null) return null;
  if (found.index === 0 && own.credentials !== '') return { ...own, key: found.key };
  const credential = access.ownCredential;
  return { key: found.key, credential, credentials: credential?.[1] ?? '' };
}

/**
 * Whether a request may come from a web page of somebody else: a browser names the page in `origin`, and no client of the Messages API
 * sends another host's name. Without this any page could use a gateway on loopback.
 */
export function isForeignPage({ headers }: IncomingMessage): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  const hostname = URL.parse(origin)?.hostname ?? '';
  return !isLoopbackName(hostname);
}

/** Whether a host name or address is this machine only. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name);
}
