import type { IncomingHttpHeaders } from 'node:http';
import { ClaudeApiError, invalidRequest } from './ClaudeApiError.ts';

/** @throws ClaudeApiError 401 without a key, or with another than `acceptKey` where that is given */
export function checkKey(headers: IncomingHttpHeaders, acceptKey: string | undefined): void {
  const key = headers['x-api-key'];
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!key && bearer === undefined) {
    throw new ClaudeApiError(401, 'authentication_error', 'x-api-key header is required');
  }
  if (acceptKey === undefined || key === acceptKey || bearer === acceptKey) return;
  throw new ClaudeApiError(401, 'authentication_error', key ? 'invalid x-api-key' : 'Invalid bearer token');
}

/** @throws ClaudeApiError 400 without `anthropic-version`, or where it is not a date */
export function checkVersion(headers: IncomingHttpHeaders): void {
  const version = headers['anthropic-version'];
  if (version === undefined) throw invalidRequest('anthropic-version: header is required');
  if (typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version)) return;
  throw invalidRequest(`anthropic-version: "${String(version)}" is not a valid version`);
}

/** @throws ClaudeApiError 400 where the body is not said to be JSON */
export function checkContentType(headers: IncomingHttpHeaders): void {
  if (/^application\/json\b/i.test(headers['content-type'] ?? '')) return;
  throw invalidRequest('content-type: must be application/json');
}
