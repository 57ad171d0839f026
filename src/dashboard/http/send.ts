import type { ServerResponse } from 'node:http';
import type { ErrorDocument } from '../api/api-types.ts';

/**
 * What every answer carries: nothing from elsewhere is loaded or run, no page of others shows or reads it, and nothing is stored by caches
 * on the way.
 */
export const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function sendBody(
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer | string,
): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...safeHeaders,
    'content-type': type,
    'content-length': String(bytes.length),
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(response: ServerResponse, status: number, document: object): void {
  sendBody(response, status, 'application/json', JSON.stringify(document));
}

export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const document: ErrorDocument = { error: { code, message } };
  sendJson(response, status, document);
}
