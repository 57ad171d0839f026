import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import { MessageStreamScanner } from '../messages/message-stream-scanner.ts';
import { isRecord } from '../messages/open-record.ts';
import { fromApiUsage, type TokenUsage } from '../messages/token-usage.ts';
import { createDecoder } from './create-decoder.ts';
import { headersForClient } from './forwarded-headers.ts';
import { jsonObject } from './json-object.ts';
import { KeptBytes } from './KeptBytes.ts';
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';
import { describeFailure } from './upstream.ts';

/** How one request to Claude ended. Whatever it is, `usage` is what Claude reported of it. */
export type RelayOutcome =
  /** The client has the whole answer. */
  | { readonly kind: 'answered'; readonly usage: TokenUsage | undefined; readonly isFinal: boolean }
  /** Claude answered with an error; nothing was sent to the client yet. */
  | { readonly kind: 'error-answer'; readonly answer: UpstreamAnswer }
  /** The answer is not whole. `relayed` are the bytes of whole events that the client has; empty where it has nothing, not even a head. */
  | {
      readonly kind: 'broken';
      readonly reason: string;
      /** Whether Claude certainly charges nothing: it was not sent, or its answer began with an error. */
      readonly isFree: boolean;
      readonly usage: TokenUsage | undefined;
      readonly isFinal: boolean;
      readonly relayed: Buffer;
    }
  | { readonly kind: 'client-gone'; readonly usage: TokenUsage | undefined; readonly isFinal: boolean };

/** An answer longer than this is not kept for a continuation. */
const maxKeptBytes = 8 * 1024 * 1024;
/** Longest wait for the provider to end its side after `message_stop`, so that the connection can be used again. */
const lingerMs = 1_000;
/** Largest body that is worth a copy to save a write. */
const oneWriteBytes = 16 * 1024;

/**
 * Sends a request to Claude and relays its answer. A stream's bytes go on as they come, whole events at a time, with back-pressure;
 * nothing, not even the head, is sent before the first event, so that a failure before it can be answered by somebody else. Other
 * answers are read whole first. A client that goes away ends the request to Claude. Resolves always.
 */
export function relayClaude(
  request: UpstreamRequest,
  response: ServerResponse,
  ownHeaders: Readonly<Record<string, string>>,
  upstream: Upstream,
  onHead: (headers: IncomingHttpHeaders) => void = () => {},
): Promise<RelayOutcome> {
  return new Promise((resolve) => {
    const handler = new RelayHandler(response, ownHeaders, resolve, onHead);
    try {
      upstream.dispatch(request, handler);
    } catch (error) {
      handler.onResponseError(null, error);
    }
  });
}

class RelayHandler implements Dispatcher.DispatchHandler {
  private readonly response: ServerResponse;
  private readonly ownHeaders: Readonly<Record<string, string>>;
  private readonly resolve: (outcome: RelayOutcome) => void;
  private readonly onHead: (headers: IncomingHttpHeaders) => void;
  private controller: Dispatcher.DispatchController | null = null;
  private scanner: MessageStreamScanner | null = null;
  private decoder: Transform | null = null;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  /** Of an answer that is no stream, which is read whole. */
  private chunks: Buffer[] = [];
  private readonly kept = new KeptBytes(maxKeptBytes);
  private isOver = false;
  private hasEnded = false;
  private linger: NodeJS.Timeout | null = null;

  constructor(
    response: ServerResponse,
    ownHeaders: Readonly<Record<string, string>>,
    resolve: (outcome: RelayOutcome) => void,
    onHead: (headers: IncomingHttpHeaders) => void,
  ) {
    this.onHead = onHead;
    this.response = response;
    this.ownHeaders = ownHeaders;
    this.resolve = resolve;
    response.on('close', this.onClientClose);
    if (response.destroyed) this.onClientClose();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isOver) controller.abort(new Error('the client has gone'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // Informational answers (103) are not for the client.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.onHead(headers);
    if (status === 200 && headers['content-type']?.startsWith('text/event-stream')) {
      this.scanner = new MessageStreamScanner();
    }
    this.decoder = createDecoder(headers['content-encoding'], {
      onData: (chunk) => this.take(chunk),
      onEnd: () => this.end(),
      onError: (error) => this.fail(error),
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isOver) return;
    if (this.decoder !== null) this.decoder.write(chunk);
    else this.take(chunk);
  }

  onResponseEnd(): void {
    this.hasEnded = true;
    if (this.linger !== null) clearTimeout(this.linger);
    if (this.isOver) return;
    if (this.decoder !== null) this.decoder.end();
    else this.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    if (this.linger !== null) clearTimeout(this.linger);
    this.fail(error);
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return;
    if (this.scanner === null) this.chunks.push(chunk);
    else this.relay(this.scanner, this.scanner.push(chunk));
  }

  private relay(scanner: MessageStreamScanner, bytes: Buffer): void {
    const { response } = this;
    if (bytes.length > 0) {
      if (!response.headersSent) this.sendHead();
      this.kept.push(bytes);
      if (scanner.isComplete) response.end(bytes);
      else if (!response.write(bytes)) this.pause();
    }
    if (scanner.isComplete) this.finish(this.answered(scanner), null);
    else if (scanner.fault !== null) {
      const isFirst = !response.headersSent;
      const { kind, errorType } = scanner.fault;
      const said = kind === 'malformed' ? 'with an event that is no JSON' : `with ${errorType || 'an error'}`;
      this.finish(
        this.broken(`Claude ended its answer ${said}`, isFirst && kind === 'error-event'),
        'its answer is broken',
      );
    }
  }

  private end(): void {
    if (this.isOver) return;
    const { scanner } = this;
    if (scanner !== null) {
      this.relay(scanner, scanner.end());
      if (!this.isOver) this.finish(this.broken('Claude ended its answer before it was whole', false), null);
      return;
    }
    this.endBody(Buffer.concat(this.chunks));
  }

  private endBody(body: Buffer): void {
    const { status, headers, response } = this;
    if (status !== 200) {
      this.finish({ kind: 'error-answer', answer: { status, headers, body } }, null);
      return;
    }
    const message = jsonObject(body);
    if (message === null) {
      this.finish(this.broken('Claude sent no whole answer', false), null);
      return;
    }
    const reported = isRecord(message['usage']) ? message['usage'] : null;
    if (response.headersSent) {
      this.finish(this.broken('Claude sent a document in place of a stream', false), null);
      return;
    }
    response.writeHead(200, {
      ...headersForClient(headers),
      'content-length': String(body.length),
      ...this.ownHeaders,
    });
    // As one text the head and a small body are one write to the connection; latin1 keeps every byte.
    if (body.length <= oneWriteBytes) response.end(body.toString('latin1'), 'latin1');
    else response.end(body);
    const usage = reported === null ? undefined : fromApiUsage(reported);
    this.finish({ kind: 'answered', usage, isFinal: usage !== undefined }, null);
  }

  private fail(error: unknown): void {
    if (this.isOver) return;
    const { reason, isNotSent } = describeFailure(error);
    this.finish(this.broken(reason, isNotSent && this.status === 0), 'its answer is broken');
  }

  private sendHead(): void {
    this.response.writeHead(200, { ...headersForClient(this.headers), ...this.ownHeaders });
  }

  private pause(): void {
    const { controller, response } = this;
    controller?.pause();
    response.once('drain', () => {
      if (!this.isOver) controller?.resume();
    });
  }

  private answered(scanner: MessageStreamScanner): RelayOutcome {
    return { kind: 'answered', usage: scanner.usage, isFinal: scanner.usageIsFinal };
  }

  private broken(reason: string, isFree: boolean): RelayOutcome {
    return {
      kind: 'broken',
      reason,
      isFree,
      usage: this.scanner?.usage,
      isFinal: this.scanner?.usageIsFinal ?? false,
      relayed: this.kept.toBuffer(),
    };
  }

  private readonly onClientClose = (): void => {
    if (this.isOver) return;
    const { scanner } = this;
    const usage = scanner?.usage;
    this.finish(
      { kind: 'client-gone', usage, isFinal: scanner?.usageIsFinal ?? false },
      'the client has gone',
    );
  };

  /** `abortReason` ends what is left of the request to Claude; null lets it end by itself, for a short time. */
  private finish(outcome: RelayOutcome, abortReason: string | null): void {
    this.isOver = true;
    this.chunks = [];
    this.kept.clear();
    this.response.removeListener('close', this.onClientClose);
    this.decoder?.destroy();
    if (abortReason !== null) this.controller?.abort(new Error(abortReason));
    else if (this.scanner?.isComplete && !this.hasEnded) {
      this.controller?.resume();
      this.linger = setTimeout(() => this.controller?.abort(new Error('it did not end')), lingerMs);
      this.linger.unref();
    }
    this.resolve(outcome);
  }
}
