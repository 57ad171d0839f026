import { connectionFailure } from '../../agents/connection-failure.ts';
import { AbortedError } from '../../errors.ts';

export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  /** Nobody answered; `problem` says why. */
  | { readonly kind: 'silence'; readonly problem: string };

/** One small HTTP request, with its JSON answer (null where it is none); `timeoutMs` for all of it. Redirects are not followed, so that no key goes elsewhere. @throws AbortedError */
export async function ask(
  url: string,
  init: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string },
  options: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly fetch: typeof fetch },
): Promise<Reply> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout]);
  try {
    const response = await options.fetch(url, { ...init, redirect: 'manual', signal });
    const text = await response.text();
    return { kind: 'answer', status: response.status, body: parse(text) };
  } catch (error) {
    if (options.signal.aborted) throw new AbortedError(options.signal.reason, error);
    if (timeout.aborted)
      return { kind: 'silence', problem: `no answer within ${options.timeoutMs / 1_000} s` };
    const { code } = connectionFailure(error);
    return { kind: 'silence', problem: code ?? rootMessage(error) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** fetch says "fetch failed" and hides the reason in the cause. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}
