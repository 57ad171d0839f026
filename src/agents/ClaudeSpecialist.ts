import type { Anthropic } from '@anthropic-ai/sdk';
import { accumulateMessage, type MessageAccumulator } from '../messages/accumulate-message.ts';
import { isRecord } from '../messages/open-record.ts';
import type { Message, MessagesRequest } from '../messages/types.ts';
import { type CallWatch, watchCall } from './call-watch.ts';
import { claudeError, claudeFailure, type FailedClaudeCall } from './claude-error.ts';
import { type SendOptions, type Specialist, SpecialistError } from './Specialist.ts';

export interface ClaudeSpecialistOptions {
  readonly model: string;
  /** Key of the Anthropic API. Without it and without `authToken`, every call fails with `missing-key`. */
  readonly apiKey?: string | undefined;
  /** Bearer token instead of a key; used only where there is no key. */
  readonly authToken?: string | undefined;
  /** Default `https://api.anthropic.com`. */
  readonly baseUrl?: string | undefined;
  /** Longest time for one whole answer. */
  readonly timeoutMs: number;
  /** Longest silence before or inside an answer; a ping ends it. */
  readonly stallTimeoutMs: number;
}

export interface ClaudeSpecialistPorts {
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default `Date.now`; only reads `retry-after` dates. */
  readonly nowMs?: () => number;
  /** Told of the headers of every answer, errors too; they report what is left of Claude's limits. */
  readonly onHeaders?: (headers: Headers) => void;
}

/**
 * Asks Claude through Anthropic's SDK, always streaming, never retrying. The SDK is loaded at the first call, and is told every
 * setting, so that no `ANTHROPIC_*` variable decides anything behind the configuration's back.
 *
 * @example
 * const claude = new ClaudeSpecialist({ model, apiKey, timeoutMs: 600_000, stallTimeoutMs: 60_000 }, {});
 * const message = await claude.send(request, { signal });
 */
export class ClaudeSpecialist implements Specialist {
  readonly agent = 'claude-specialist';
  readonly model: string;
  readonly #options: ClaudeSpecialistOptions;
  readonly #fetch: typeof fetch;
  readonly #nowMs: () => number;
  readonly #onHeaders: ((headers: Headers) => void) | undefined;
  readonly #baseUrl: string;
  readonly #secrets: readonly string[];

  constructor(options: ClaudeSpecialistOptions, ports: ClaudeSpecialistPorts = {}) {
    this.model = options.model;
    this.#options = options;
    this.#fetch = ports.fetch ?? ((input, init) => fetch(input, init));
    this.#nowMs = ports.nowMs ?? Date.now;
    this.#onHeaders = ports.onHeaders;
    this.#baseUrl = options.baseUrl || 'https://api.anthropic.com';
    this.#secrets = [options.apiKey, options.authToken].flatMap((secret) => secret || []);
  }

  async send(request: MessagesRequest, options: SendOptions): Promise<Message> {
    const answer = accumulateMessage();
    return this.#call(options.signal, answer, async (client, watch) => {
      const stream = await client.messages.create(
        { ...request, model: this.model, stream: true },
        { signal: watch.signal },
      );
      for await (const event of stream) {
        answer.push(event);
        watch.hand(event, options.onEvent);
        // What a server sends after the end is no part of the answer.
        if (answer.isComplete()) break;
      }
      const message = answer.message();
      if (answer.isComplete() && message !== undefined) return message;
      // Aborting makes the SDK end the stream without an error.
      watch.signal.throwIfAborted();
      throw new Error('the stream ended without message_stop');
    });
  }

  async countInputTokens(request: MessagesRequest, signal: AbortSignal): Promise<number> {
    return this.#call(signal, accumulateMessage(), async (client, watch) => {
      const body = Object.fromEntries(
        Object.entries({ ...request, model: this.model }).filter(([name]) => !notForCounting.has(name)),
      );
      const answer: unknown = await client.post('/v1/messages/count_tokens', { body, signal: watch.signal });
      const tokens = isRecord(answer) ? answer['input_tokens'] : undefined;
      if (typeof tokens === 'number' && Number.isFinite(tokens)) return tokens;
      throw new Error('count_tokens answered without input_tokens');
    });
  }

  /** Runs one call under its clocks and turns whatever it throws into a SpecialistError. */
  async #call<Result>(
    signal: AbortSignal,
    answer: MessageAccumulator,
    run: (client: Anthropic, watch: CallWatch) => Promise<Result>,
  ): Promise<Result> {
    const { timeoutMs, stallTimeoutMs } = this.#options;
    using watch = watchCall({ signal, timeoutMs, stallTimeoutMs });
    let wasSent = false;
    const watchedFetch: typeof fetch = async (input, init) => {
      watch.signal.throwIfAborted();
      wasSent = true;
      const response = await this.#fetch(input, init);
      this.#onHeaders?.(response.headers);
      return touchedBy(response, watch);
    };
    try {
      if (this.#secrets.length === 0) throw this.#missingKey();
      watch.signal.throwIfAborted();
      return await run(await this.#client(watchedFetch), watch);
    } catch (error) {
      throw this.#asSpecialistError(error, watch, {
        baseUrl: this.#baseUrl,
        wasSent,
        hasContent: answer.hasStarted(),
        usage: answer.hasStarted() ? answer.usage() : undefined,
        usageIsFinal: answer.hasFinalUsage(),
        secrets: this.#secrets,
        nowMs: this.#nowMs(),
      });
    }
  }

  async #client(watchedFetch: typeof fetch): Promise<Anthropic> {
    const { Anthropic } = await import('@anthropic-ai/sdk');
    const { apiKey, authToken } = this.#options;
    const client = new Anthropic({
      apiKey: apiKey || null,
      authToken: apiKey ? null : authToken || null,
      webhookKey: null,
      baseURL: this.#baseUrl,
      maxRetries: 0,
      // The watch keeps the time; the SDK's own clock only covers the headers.
      timeout: 2 ** 31 - 1,
      fetch: watchedFetch,
      logLevel: 'off',
      openTelemetry: false,
    });
    // The SDK adds ANTHROPIC_CUSTOM_HEADERS to every client and has no option against it.
    Reflect.set(Reflect.get(client, '_options'), 'defaultHeaders', {});
    return client;
  }

  #missingKey(): SpecialistError {
    return claudeFailure(unsent(this.#baseUrl), {
      failure: 'missing-key',
      reached: 'not-sent',
      message: 'There is no key for Claude. Set ANTHROPIC_API_KEY, or let Ollama do it.',
      cause: undefined,
    });
  }

  #asSpecialistError(error: unknown, watch: CallWatch, call: FailedClaudeCall): unknown {
    if (!call.wasSent && error instanceof SpecialistError) return error;
    const reached = call.wasSent ? 'started' : 'not-sent';
    switch (watch.endedBy()) {
      case 'caller':
        return claudeFailure(call, {
          failure: 'aborted',
          reached,
          message: 'The call to Claude was cancelled.',
          cause: error,
        });
      case 'timeout':
      case 'stall':
        return claudeFailure(call, {
          failure: 'timeout',
          reached,
          message: this.#timeoutMessage(watch.endedBy() === 'stall'),
          cause: error,
        });
      default:
        return claudeError(error, call);
    }
  }

  #timeoutMessage(isStall: boolean): string {
    const { timeoutMs, stallTimeoutMs } = this.#options;
    return isStall
      ? `Claude at ${this.#baseUrl} sent nothing for ${stallTimeoutMs} ms. Try again later, or allow a longer silence.`
      : `Claude at ${this.#baseUrl} took longer than ${timeoutMs} ms. Allow more time, or ask for less.`;
  }
}

/** Fields that `/v1/messages/count_tokens` refuses. */
const notForCounting: ReadonlySet<string> = new Set([
  ...['max_tokens', 'metadata', 'stop_sequences', 'stream', 'temperature', 'top_p', 'top_k'],
  ...['service_tier', 'container', 'inference_geo', 'diagnostics', 'user_profile_id', 'workspace_id'],
]);

function unsent(baseUrl: string): FailedClaudeCall {
  return {
    baseUrl,
    wasSent: false,
    hasContent: false,
    usage: undefined,
    usageIsFinal: false,
    secrets: [],
    nowMs: 0,
  };
}

/** The same response, telling the watch of each chunk; the SDK hides pings, which show that Claude is at work. */
function touchedBy(response: Response, watch: CallWatch): Response {
  watch.touch();
  if (response.body === null) return response;
  const touch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      watch.touch();
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(touch), { status, statusText, headers });
}
