/** An HTTP answer of Ollama that is not 2xx, with its `error` text. */
export class OllamaHttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'OllamaHttpError';
    this.status = status;
  }
}

/** An NDJSON line that is not JSON. */
export class MalformedLineError extends Error {
  constructor() {
    super('a line of the answer is not JSON');
    this.name = 'MalformedLineError';
  }
}

/** What the fetch tells of its one request. */
export interface OllamaTransport {
  readonly fetch: typeof fetch;
  /** Whether a request was handed to the network. */
  wasSent(): boolean;
}

export interface OllamaTransportOptions {
  readonly fetch: typeof fetch;
  /** Aborts the request and its answer. */
  readonly signal: AbortSignal;
  /** Called when something arrives. */
  readonly onArrival: () => void;
}

/**
 * The fetch that the ollama package is given. It turns error answers into OllamaHttpError, which the package would print to the
 * console, and fails on a malformed line, which the package would skip with a log and so lose a part of the answer.
 */
export function ollamaTransport(options: OllamaTransportOptions): OllamaTransport {
  let wasSent = false;
  const watchedFetch: typeof fetch = async (input, init) => {
    options.signal.throwIfAborted();
    wasSent = true;
    const response = await options.fetch(input, { ...init, signal: options.signal });
    options.onArrival();
    if (!response.ok) throw new OllamaHttpError(response.status, await errorText(response));
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body.pipeThrough(wholeJsonLines(options.onArrival));
    return new Response(body, { status, statusText, headers });
  };
  return { fetch: watchedFetch, wasSent: () => wasSent };
}

/** Passes on whole lines only, each checked to be JSON. */
function wholeJsonLines(onArrival: () => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let pending = '';
  const takeLine = (line: string, controller: TransformStreamDefaultController<Uint8Array>): void => {
    if (line.trim() === '') return;
    try {
      JSON.parse(line);
    } catch {
      throw new MalformedLineError();
    }
    controller.enqueue(encoder.encode(`${line}\n`));
  };
  return new TransformStream({
    transform(chunk, controller) {
      onArrival();
      pending += decoder.decode(chunk, { stream: true });
      if (!pending.includes('\n')) return;
      const lines = pending.split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) takeLine(line, controller);
    },
    flush(controller) {
      takeLine(pending + decoder.decode(), controller);
    },
  });
}

async function errorText(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    const error = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : undefined;
    if (typeof error === 'string') return error;
    const message = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : undefined;
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: a proxy's page, shown as it begins.
  }
  return text.trim().slice(0, 200) || `HTTP ${response.status}`;
}
