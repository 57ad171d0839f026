import type { ServerResponse } from 'node:http';
import type { OpenRecord } from '../messages/open-record.ts';
import { isRecord } from '../messages/open-record.ts';
import type { Message, RawMessageStreamEvent } from '../messages/types.ts';
import { type ApiError, errorBody, sendApiError, sendJson } from './api-error.ts';
import type { RelayedAnswer } from './relayed-answer.ts';

export interface AnswerStreamOptions {
  readonly isStream: boolean;
  /** What the client has of an answer that is to be continued; null for a new one. */
  readonly resumed: RelayedAnswer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Silence after which a ping is sent, so that the client goes on waiting. */
  readonly pingMs: number;
}

/**
 * Writes the answer of a local model into a client's response: as a stream, as one document, or as the rest of a stream that Claude began.
 * While the model loads, pings are sent. What is written is one valid Messages stream, whatever was written before.
 */
export class AnswerStream {
  private readonly response: ServerResponse;
  private readonly options: AnswerStreamOptions;
  private readonly notes = new Map<string, string>();
  private offset: number;
  private hasPrelude = false;
  private hasWrittenMessage = false;
  private isOver = false;
  private ping: NodeJS.Timeout | null = null;

  constructor(response: ServerResponse, options: AnswerStreamOptions) {
    this.response = response;
    this.options = options;
    this.offset = options.resumed?.nextIndex ?? 0;
    if (!options.isStream) return;
    this.ping = setInterval(() => this.write('ping', { type: 'ping' }), options.pingMs);
    this.ping.unref();
  }

  /** Whether the client has seen a part of it, so that nobody else can answer any more. */
  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  /** Whether the client has a part of a message; pings are none. */
  get hasMessage(): boolean {
    return this.hasWrittenMessage;
  }

  /** A line that the user sees before the answer; to be given before the first event. A later one on the same topic takes its place. */
  note(topic: 'switch' | 'shortened', text: string): void {
    this.notes.set(topic, text);
  }

  /** Takes the model's next event. Nothing is written where the client did not ask for a stream. */
  take(event: RawMessageStreamEvent): void {
    if (!this.options.isStream || this.isOver) return;
    const { resumed } = this.options;
    this.hasWrittenMessage = true;
    switch (event.type) {
      case 'message_start':
        if (resumed === null) this.write(event.type, event);
        else this.closeOpenBlock();
        this.writePrelude();
        return;
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        this.write(event.type, { ...event, index: event.index + this.offset });
        return;
      case 'message_delta':
        this.write(event.type, resumed === null ? event : withEarlierUsage(event, resumed));
        return;
      default:
        this.write(event.type, event);
    }
  }

  /** Ends the answer; `message` is all of it. */
  end(message: Message): void {
    if (this.isOver) return;
    this.stop();
    if (this.options.isStream) {
      this.response.end();
      return;
    }
    const prelude = [...this.notes.values()].map((text) => ({ type: 'text', text, citations: null }));
    sendJson(
      this.response,
      200,
      { ...message, content: [...prelude, ...message.content] },
      this.options.headers,
    );
  }

  /** Ends an answer that Claude left with nothing but its end to come. */
  endResumed(stopReason: string): void {
    const { resumed } = this.options;
    if (resumed === null || this.isOver) return;
    this.closeOpenBlock();
    if (!resumed.hasStopReason) {
      const delta = { stop_reason: stopReason, stop_sequence: null };
      const usage = { output_tokens: resumed.usage.outputTokens };
      this.write('message_delta', { type: 'message_delta', delta, usage });
    }
    this.write('message_stop', { type: 'message_stop' });
    this.stop();
    this.response.end();
  }

  /** Tells the client that there is no answer: by its status, or where the stream has begun, by an `error` event. */
  fail(error: ApiError): void {
    if (this.isOver) return;
    this.stop();
    if (!this.hasBegun) {
      sendApiError(this.response, error);
      return;
    }
    this.response.end(frame('error', errorBody(error)));
  }

  /** Stops the pings; to be called by whoever leaves the answer as it is. */
  stop(): void {
    this.isOver = true;
    if (this.ping !== null) clearInterval(this.ping);
  }

  private closeOpenBlock(): void {
    const { resumed } = this.options;
    if (resumed?.openBlock == null) return;
    this.write('content_block_stop', { type: 'content_block_stop', index: resumed.openBlock.index });
  }

  private writePrelude(): void {
    if (this.hasPrelude || this.notes.size === 0) return;
    this.hasPrelude = true;
    const index = this.offset;
    const text = `${[...this.notes.values()].join('\n')}\n\n`;
    const content_block = { type: 'text', text: '', citations: null };
    this.write('content_block_start', { type: 'content_block_start', index, content_block });
    const delta = { type: 'text_delta', text };
    this.write('content_block_delta', { type: 'content_block_delta', index, delta });
    this.write('content_block_stop', { type: 'content_block_stop', index });
    this.offset += 1;
  }

  private write(name: string, event: object): void {
    const { response } = this;
    if (response.destroyed || response.writableEnded) return;
    if (!response.headersSent) {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...this.options.headers,
      });
    }
    response.write(frame(name, event));
    this.ping?.refresh();
  }
}

function frame(name: string, event: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The client's counts go on from where Claude's ended; a count that went down would be no valid stream. */
function withEarlierUsage(event: RawMessageStreamEvent, { usage }: RelayedAnswer): OpenRecord {
  const fields: OpenRecord = { ...event };
  const reported = isRecord(fields['usage']) ? fields['usage'] : {};
  return {
    ...fields,
    usage: {
      ...reported,
      input_tokens: usage.inputTokens,
      cache_creation_input_tokens: usage.cacheCreationInputTokens,
      cache_read_input_tokens: usage.cacheReadInputTokens,
      output_tokens: usage.outputTokens + Number(reported['output_tokens'] ?? 0),
    },
  };
}
