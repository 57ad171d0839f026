import type { ErrorDocument } from '../../api/api-types.ts';

/** The server said no, or cannot be reached; the message is a sentence for people. */
export class ApiError extends Error {}

/** Asks the dashboard's API. @throws ApiError */
export async function askApi<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answerOf<T>(await send(path, { ...(signal && { signal }) }));
}

/** Changes something, with the token that only this page was given. @throws ApiError */
export async function changeByApi<T>(path: string, body: object): Promise<T> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="teelamma-token"]')?.content ?? '';
  const headers = { 'content-type': 'application/json', 'x-teelamma-token': token };
  return answerOf<T>(await send(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/dashboard/api/${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(
      'The server cannot be reached. Is `teelamma dashboard` or `teelamma serve` still running?',
    );
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const document: unknown = await response.json().catch(() => null);
  if (response.ok && document !== null) return document as T;
  const message = (document as ErrorDocument | null)?.error.message;
  throw new ApiError(message ?? `The server answered ${response.status}.`);
}
