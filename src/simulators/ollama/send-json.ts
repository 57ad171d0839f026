import { type OpenRequest, sendBody } from '../start-simulator.ts';

/** Sends a value as JSON, with the content type of the real server. */
export function sendJson(
  request: OpenRequest,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  return sendBody(request, status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
}
