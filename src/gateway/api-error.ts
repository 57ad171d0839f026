import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gatewayHeader } from '../config/own-gateway.ts';
import { version } from '../version.ts';

/** An error that the gateway itself answers with, in the form of the Messages API. */
export interface ApiError {
  readonly status: number;
  /** As in https://docs.anthropic.com/en/api/errors. */
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends it with a request id of its own, as the API does, unless the answer has begun already. */
export function sendApiError(response: ServerResponse, error: ApiError): void {
  const requestId = `req_tlm_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  const body = { ...errorBody(error), request_id: requestId };
  sendJson(response, error.status, body, { 'request-id': requestId, ...error.headers });
}

/** Sends one JSON document. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(body.length),
    [gatewayHeader]: version,
    ...headers,
  });
  response.end(body);
}

/** The body of an error, which is also the data of an SSE `error` event. */
export function errorBody({ type, message }: Pick<ApiError, 'type' | 'message'>): object {
  return { type: 'error', error: { type, message } };
}
