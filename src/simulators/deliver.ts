import { once } from 'node:events';
import { setImmediate as nextLoop, setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import type { Exchange } from './loopback-server.ts';
import type { RequestOutcome } from './recorded-request.ts';

/** One event of a stream, ready to be written. */
export interface Frame {
  readonly data: string;
  /** Output tokens that the provider has generated when it sends this event, cumulative. */
  readonly outputTokens: number;
}

export interface StreamAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: readonly Frame[];
  /** An event of the same kind that does not parse. */
  readonly malformedFrame: string;
  /** An event that reports an error. */
  readonly errorFrame: (message: string | undefined) => string;
  readonly fault: Fault | undefined;
  /** Wait between events in milliseconds; 0 sends each event by itself without a wait, null sends all at once. */
  readonly eventDelayMs: number | null;
}

export interface BodyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outputTokens: number;
  readonly fault: Fault | undefined;
}

export interface Delivery {
  readonly outcome: RequestOutcome;
  readonly status: number | null;
  /** Output tokens generated when it ended. */
  readonly outputTokens: number;
}

/** Sends a stream, event by event, until it is complete, the fault strikes, or the client has gone. */
export async function deliverStream(exchange: Exchange, answer: StreamAnswer): Promise<Delivery> {
  const { response, signal } = exchange;
  const { fault, frames } = answer;
  const early = await faultBeforeHeaders(exchange, fault);
  if (early !== null) return { ...early, outputTokens: 0 };

  response.writeHead(200, answer.headers);
  if (fault?.kind === 'empty-body') return finish(exchange, 200, 0);
  response.flushHeaders();
  const strikesAt = strikeIndex(fault, frames.length);
  const betweenMs = fault?.kind === 'slow' ? (fault.betweenMs ?? 0) : answer.eventDelayMs;
  let outputTokens = 0;
  for (const [index, frame] of frames.entries()) {
    if (signal.aborted) return { outcome: 'client-disconnected', status: 200, outputTokens };
    let data = frame.data;
    if (index === strikesAt) {
      switch (fault?.kind) {
        case 'disconnect':
          return { ...(await cut(exchange, 200)), outputTokens };
        case 'stall':
          await untilGone(signal);
          return { outcome: 'client-disconnected', status: 200, outputTokens };
        case 'end-early':
          return finish(exchange, 200, outputTokens);
        case 'error-event':
          response.write(answer.errorFrame(fault.message));
          return finish(exchange, 200, outputTokens);
        case 'malformed':
          data = answer.malformedFrame;
      }
    }
    if (!response.write(data) && !signal.aborted)
      await Promise.race([once(response, 'drain'), untilGone(signal)]);
    outputTokens = frame.outputTokens;
    if (betweenMs !== null && index < frames.length - 1) await pause(betweenMs, signal);
  }
  return finish(exchange, 200, outputTokens);
}

/**
 * Sends an answer in one piece. A client that leaves before it arrives pays for all of it: the provider has no reason to stop
 * generating an answer that is not streamed.
 */
export async function deliverBody(exchange: Exchange, answer: BodyAnswer): Promise<Delivery> {
  const { response } = exchange;
  const { fault, outputTokens } = answer;
  const early = await faultBeforeHeaders(exchange, fault, true);
  if (early !== null) return { ...early, outputTokens };
  if (fault?.kind === 'empty-body') {
    response.writeHead(answer.status, answer.headers);
    return finish(exchange, answer.status, outputTokens);
  }
  const isHalf = fault?.kind === 'malformed' || fault?.kind === 'end-early';
  const body = isHalf ? answer.body.slice(0, answer.body.length >> 1) : answer.body;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(body)) });
  response.write(body);
  return finish(exchange, answer.status, outputTokens);
}

async function faultBeforeHeaders(exchange: Exchange, fault: Fault | undefined, isWhole = false) {
  const { signal } = exchange;
  if (fault?.kind === 'slow' && fault.beforeMs !== undefined) await pause(fault.beforeMs, signal);
  const isFirst = (afterEvents: number | undefined) => isWhole || afterEvents === undefined;
  if (fault?.kind === 'disconnect' && isFirst(fault.afterEvents)) return cut(exchange, null);
  if (fault?.kind === 'stall' && isFirst(fault.afterEvents)) await untilGone(signal);
  return signal.aborted ? ({ outcome: 'client-disconnected', status: null } as const) : null;
}

/** Index of the event in whose place the fault strikes; -1 for none. */
function strikeIndex(fault: Fault | undefined, frameCount: number): number {
  switch (fault?.kind) {
    case 'disconnect':
    case 'stall':
    case 'end-early':
    case 'malformed':
    case 'error-event':
      return Math.min(fault.afterEvents ?? 2, frameCount - 1);
    default:
      return -1;
  }
}

async function finish(
  { response, signal }: Exchange,
  status: number,
  outputTokens: number,
): Promise<Delivery> {
  if (!signal.aborted) {
    const flushed = new Promise<void>((resolve) => response.end(() => resolve()));
    await Promise.race([flushed, untilGone(signal)]);
  }
  return { outcome: response.writableFinished ? 'completed' : 'client-disconnected', status, outputTokens };
}

/** Ends the connection after what was written, without the end of the response. */
async function cut({ response, signal }: Exchange, status: number | null) {
  // The response holds back what was written in this round of the event loop.
  await nextLoop();
  response.socket?.destroySoon();
  if (!signal.aborted) await untilGone(signal);
  return { outcome: 'cut', status } as const;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) await nextLoop();
  else await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function untilGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
