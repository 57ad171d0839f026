/**
 * A fault that a simulator shows on request, as the real providers show it. "Events" are the units of a stream: SSE events of
 * Claude (`message_start` is the first, `ping` counts), lines of Ollama. Where a fault names `afterEvents`, that many whole events
 * come first; at most all but the last do, so a stream with such a fault never ends properly. Without a stream, a fault that
 * belongs to one acts on the body: cut off, half sent, never sent.
 */
export type Fault =
  /** 429 `rate_limit_error`, with `retry-after` in seconds where given. */
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds?: number }
  /** 529 `overloaded_error`; Ollama answers 503 "server busy". */
  | { readonly kind: 'overloaded' }
  /** 500 `api_error`. */
  | { readonly kind: 'server-error' }
  /** 502 with a body of HTML, as a proxy in between answers. */
  | { readonly kind: 'bad-gateway' }
  /** Any other status, with the provider's own error body. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** 404, the model does not exist. */
  | { readonly kind: 'model-missing' }
  /** The connection ends: before the headers, or within the stream. */
  | { readonly kind: 'disconnect'; readonly afterEvents?: number }
  /** The response ends in good order, but its last events never came. */
  | { readonly kind: 'end-early'; readonly afterEvents: number }
  /** One event is not valid JSON, and the stream goes on behind it. Default: the one after two. */
  | { readonly kind: 'malformed'; readonly afterEvents?: number }
  /** Claude's SSE `error` event, or Ollama's `{"error"}` line, under status 200; the stream ends there. Default: after two. */
  | { readonly kind: 'error-event'; readonly afterEvents?: number; readonly message?: string }
  /** Waits before the headers and between the events, in milliseconds; the answer is complete. */
  | { readonly kind: 'slow'; readonly beforeMs?: number; readonly betweenMs?: number }
  /** Goes silent until the client gives up: before the headers, or within the stream. */
  | { readonly kind: 'stall'; readonly afterEvents?: number }
  /** 200 without a body. */
  | { readonly kind: 'empty-body' }
  /** The model writes its tool call into its text. A call of the first offered tool is made up where the answer has none. */
  | { readonly kind: 'tool-call-as-text'; readonly form?: 'json' | 'fenced' | 'tagged' }
  /** The JSON of the tool call is broken. */
  | { readonly kind: 'broken-tool-json' };
