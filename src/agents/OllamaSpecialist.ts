import { randomBytes } from 'node:crypto';
import type { ChatRequest, Ollama } from 'ollama/browser';
import type { OllamaTranslation } from '../messages/from-ollama.ts';
import type { OllamaChat } from '../messages/to-ollama.ts';
import { fromApiUsage } from '../messages/token-usage.ts';
import type { Message, MessagesRequest } from '../messages/types.ts';
import { type CallWatch, watchCall } from './call-watch.ts';
import { contextSizeFor, SIZED_OUTPUT_TOKENS } from './context-size.ts';
import { type FailedOllamaCall, isContextRefusal, ollamaError, ollamaFailure } from './ollama-error.ts';
import { normaliseOllamaHost } from './ollama-host.ts';
import { type OllamaModelInfo, readOllamaModelInfo } from './ollama-model-info.ts';
import { estimateTokens, fewestTokens, mostTokens } from './ollama-prompt-size.ts';
import { type OllamaTransport, ollamaTransport } from './ollama-transport.ts';
import { type SendOptions, type Specialist, SpecialistError } from './Specialist.ts';
import { untimedFetch } from './untimed-fetch.ts';

export interface OllamaSpecialistOptions {
  readonly model: string;
  /** Any form that `OLLAMA_HOST` takes. */
  readonly host: string;
  /** Longest time for one whole answer. */
  readonly timeoutMs: number;
  /** Longest silence before or inside an answer, which includes loading the model. */
  readonly stallTimeoutMs: number;
  /** How long the model stays loaded, as Ollama writes it (`5m`, seconds, -1). Default: Ollama's own. */
  readonly keepAlive?: string | number | undefined;
  /** Largest context to ask for, in tokens. Default: as large as the model has. */
  readonly maxContextTokens?: number | undefined;
}

export interface OllamaSpecialistPorts {
  /** Default: a fetch without time limits of its own. */
  readonly fetch?: typeof fetch;
  /** Alphanumeric characters that are new at each call. Default: random. */
  readonly newId?: () => string;
  /** Told, once a request, what of it the model is not given; whole sentences. */
  readonly onNotes?: (notes: readonly string[]) => void;
}

/**
 * Asks a local model through Ollama's native `/api/chat`. The context is sized from the request, and the prompt is never
 * truncated: one that does not fit fails with `context-too-long`. What the model can do is asked once per specialist.
 *
 * @example
 * const ollama = new OllamaSpecialist({ model: 'qwen3:8b', host, timeoutMs: 900_000, stallTimeoutMs: 300_000 }, {});
 * const message = await ollama.send(request, { signal });
 */
export class OllamaSpecialist implements Specialist {
  readonly agent = 'ollama-specialist';
  readonly model: string;
  readonly #options: OllamaSpecialistOptions;
  readonly #ports: OllamaSpecialistPorts;
  readonly #fetch: typeof fetch;
  readonly #host: string;
  #info: OllamaModelInfo | undefined;

  /** @throws TeelammaError `invalid-config` where the host is no address */
  constructor(options: OllamaSpecialistOptions, ports: OllamaSpecialistPorts = {}) {
    this.model = options.model;
    this.#options = options;
    this.#ports = ports;
    this.#fetch = ports.fetch ?? untimedFetch();
    this.#host = normaliseOllamaHost(options.host);
  }

  async send(request: MessagesRequest, options: SendOptions): Promise<Message> {
    const { timeoutMs, stallTimeoutMs } = this.#options;
    using watch = watchCall({ signal: options.signal, timeoutMs, stallTimeoutMs });
    const transport = this.#transport(watch);
    let answer: OllamaTranslation | undefined;
    try {
      watch.signal.throwIfAborted();
      const info = await this.#modelInfo(watch);
      const [{ toOllama }, { fromOllama }] = await Promise.all([
        import('../messages/to-ollama.ts'),
        import('../messages/from-ollama.ts'),
      ]);
      const chat = toOllama(request, info.abilities);
      if (chat.notes.length > 0) watch.hand(chat.notes, this.#ports.onNotes);
      const estimate = estimateTokens(chat);
      const stream = await this.#chat(chat, estimate, info, transport);
      answer = fromOllama(
        { model: this.model, tools: chat.offeredTools, estimatedInputTokens: estimate },
        { newId: this.#ports.newId ?? (() => randomBytes(12).toString('hex')) },
      );
      // The package throws where the stream ends without `done: true`.
      for await (const chunk of stream) {
        for (const event of answer.push(chunk)) watch.hand(event, options.onEvent);
      }
      const { events, message } = answer.end();
      for (const event of events) watch.hand(event, options.onEvent);
      return message;
    } catch (error) {
      throw this.#asSpecialistError(error, watch, {
        host: this.#host,
        model: this.model,
        wasSent: transport.wasSent(),
        hasContent: answer?.hasContent() ?? false,
        usage: answer === undefined ? undefined : fromApiUsage(answer.usage()),
      });
    }
  }

  /** Ollama has no way to count tokens without an answer. */
  async countInputTokens(): Promise<null> {
    return null;
  }

  /**
   * Starts the answer. The first context is sized from an estimate; where Ollama refuses the prompt as too long for it, which
   * happens before anything is generated, it is sized once more from the bytes, which no prompt's tokens exceed.
   */
  async #chat(chat: OllamaChat, estimate: number, info: OllamaModelInfo, transport: OllamaTransport) {
    const limit = Math.min(
      this.#options.maxContextTokens ?? Number.POSITIVE_INFINITY,
      info.contextTokens ?? UNKNOWN_CONTEXT,
    );
    const output = Math.min(Math.max(chat.options.num_predict, 0), SIZED_OUTPUT_TOKENS);
    const sizes = [
      contextSizeFor(estimate + output, limit),
      contextSizeFor(mostTokens(chat) + output, limit),
    ];
    // Ollama takes a chat without messages as an order to load the model.
    if (chat.messages.every((message) => message.role === 'system')) throw this.#empty();
    if (fewestTokens(chat) > limit) throw this.#tooLong(estimate, limit, undefined);
    const client = await this.#client(transport);
    for (const [attempt, contextTokens] of sizes.entries()) {
      try {
        return await client.chat(this.#chatRequest(chat, contextTokens));
      } catch (error) {
        if (!isContextRefusal(error)) throw error;
        const isLast = attempt === sizes.length - 1 || contextTokens === sizes[attempt + 1];
        if (isLast) throw this.#tooLong(estimate, contextTokens, error);
      }
    }
    throw new Error('no context size was tried');
  }

  #chatRequest(chat: OllamaChat, contextTokens: number): ChatRequest & { stream: true } {
    const { keepAlive } = this.#options;
    const request = {
      model: this.model,
      messages: [...chat.messages],
      ...(chat.tools === undefined ? {} : { tools: chat.tools }),
      ...(chat.format === undefined ? {} : { format: chat.format }),
      ...(chat.think === undefined ? {} : { think: chat.think }),
      ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }),
      options: {
        ...chat.options,
        num_ctx: contextTokens,
        num_predict: Math.min(chat.options.num_predict, contextTokens),
      },
      // Not in the package's types. Without them Ollama drops the oldest messages and goes on.
      truncate: false,
      shift: false,
    };
    return { ...request, stream: true };
  }

  async #modelInfo(watch: CallWatch): Promise<OllamaModelInfo> {
    if (this.#info !== undefined) return this.#info;
    const transport = this.#transport(watch);
    try {
      const client = await this.#client(transport);
      this.#info = readOllamaModelInfo(await client.show({ model: this.model }));
      return this.#info;
    } catch (error) {
      // No answer was asked for yet, so whatever went wrong cost nothing.
      const call = { ...this.#unsent(), wasSent: transport.wasSent() };
      const failure = ollamaError(error, call);
      if (watch.endedBy() !== null || failure.reached !== 'started') throw failure;
      throw ollamaFailure(call, {
        failure: failure.failure,
        reached: 'not-sent',
        message: failure.message,
        cause: error,
      });
    }
  }

  #transport(watch: CallWatch): OllamaTransport {
    return ollamaTransport({ fetch: this.#fetch, signal: watch.signal, onArrival: watch.touch });
  }

  /** A client per request: the package's own `abort()` ends every request of its client. */
  async #client(transport: OllamaTransport): Promise<Ollama> {
    // The browser entry: Node's would read a file whose path an image's base64 text happens to be.
    const { Ollama } = await import('ollama/browser');
    return new Ollama({ host: this.#host, fetch: transport.fetch });
  }

  #empty(): SpecialistError {
    return ollamaFailure(this.#unsent(), {
      failure: 'invalid-request',
      reached: 'not-sent',
      message: 'The request holds nothing that the model could answer. Give it a message with content.',
      cause: undefined,
    });
  }

  #tooLong(promptTokens: number, contextTokens: number, cause: unknown): SpecialistError {
    return ollamaFailure(this.#unsent(), {
      failure: 'context-too-long',
      reached: cause === undefined ? 'not-sent' : 'refused',
      message: `The prompt (about ${promptTokens} tokens) does not fit into the ${contextTokens} tokens of ${this.model} on Ollama. Shorten it, or choose a model with a longer context.`,
      cause,
    });
  }

  #asSpecialistError(error: unknown, watch: CallWatch, call: FailedOllamaCall): SpecialistError {
    const reached = call.wasSent ? 'started' : 'not-sent';
    switch (watch.endedBy()) {
      case 'caller':
        return ollamaFailure(call, {
          failure: 'aborted',
          reached,
          message: 'The call to Ollama was cancelled.',
          cause: error,
        });
      case 'timeout':
        return ollamaFailure(call, {
          failure: 'timeout',
          reached,
          message: `${this.model} on Ollama took longer than ${this.#options.timeoutMs} ms. Allow more time, or choose a smaller model.`,
          cause: error,
        });
      case 'stall':
        return ollamaFailure(call, {
          failure: 'timeout',
          reached,
          message: `${this.model} on Ollama sent nothing for ${this.#options.stallTimeoutMs} ms. Allow a longer silence, or choose a smaller model.`,
          cause: error,
        });
      default:
        return error instanceof SpecialistError ? error : ollamaError(error, call);
    }
  }

  #unsent(): FailedOllamaCall {
    return { host: this.#host, model: this.model, wasSent: false, hasContent: false, usage: undefined };
  }
}

/** Assumed where `/api/show` does not tell the model's context. */
const UNKNOWN_CONTEXT = 131_072;
