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
  readonly report: Report;
}

export interface BodyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outputTokens: number;
  readonly fault: Fault | undefined;
  readonly report: Report;
}

/** How far an answer got. */
export interface Delivery {
  readonly outcome: RequestOutcome;
  /** Null where no status was sent. */
  readonly status: number | null;
  /** Output tokens that were generated. */
  readonly outputTokens: number;
}

/**
 * Told before each step that the client can see, so that whoever has seen an answer finds it recorded. A last call corrects the
 * outcome where the client left before it had everything.
 */
type Report = (delivery: Delivery) => void;

/** Sends a stream, event by event, until it is complete, the fault strikes, or the client has gone. */
export async function deliverStream(exchange: Exchange, answer: StreamAnswer): Promise<void> {
  const { response, signal } = exchange;
  const { fault, frames, report } = answer;
  if (await faultBeforeHeaders(exchange, fault, 0, report)) return;

  report({ outcome: 'pending', status: 200, outputTokens: 0 });
  response.writeHead(200, answer.headers);
  if (fault?.kind === 'empty-body') return finish(exchange, 200, 0, report);
  response.flushHeaders();
  const strikesAt = strikeIndex(fault, frames.length);
  const betweenMs = fault?.kind === 'slow' ? (fault.betweenMs ?? 0) : answer.eventDelayMs;
  let outputTokens = 0;
  for (const [index, frame] of frames.entries()) {
    if (signal.aborted) return report({ outcome: 'client-disconnected', status: 200, outputTokens });
    let data = frame.data;
    if (index === strikesAt) {
      switch (fault?.kind) {
        case 'disconnect':
          return cut(exchange, 200, outputTokens, report);
        case 'stall':
          await untilGone(signal);
          return report({ outcome: 'client-disconnected', status: 200, outputTokens });
        case 'end-early':
          return finish(exchange, 200, outputTokens, report);
        case 'error-event':
          report({ outcome: 'completed', status: 200, outputTokens });
          response.write(answer.errorFrame(fault.message));
          return finish(exchange, 200, outputTokens, report);
        case 'malformed':
          data = answer.malformedFrame;
      }
    }
    outputTokens = frame.outputTokens;
    const isLast = index === frames.length - 1;
    report({ outcome: isLast ? 'completed' : 'pending', status: 200, outputTokens });
    if (!response.write(data) && !signal.aborted) {
      await Promise.race([once(response, 'drain'), untilGone(signal)]);
    }
    if (betweenMs !== null && !isLast) await pause(betweenMs, signal);
  }
  return finish(exchange, 200, outputTokens, report);
}

/**
 * Sends an answer in one piece. A client that leaves before it arrives pays for all of it: the provider has no reason to stop
 * generating an answer that is not streamed.
 */
export async function deliverBody(exchange: Exchange, answer: BodyAnswer): Promise<void> {
  const { response } = exchange;
  const { fault, outputTokens, report, status } = answer;
  if (await faultBeforeHeaders(exchange, fault, outputTokens, report, true)) return;
  const isHalf = fault?.kind === 'malformed' || fault?.kind === 'end-early';
  const whole = fault?.kind === 'empty-body' ? '' : answer.body;
  const body = isHalf ? whole.slice(0, whole.length >> 1) : whole;
  report({ outcome: 'completed', status, outputTokens });
  response.writeHead(status, { ...answer.headers, 'content-length': String(Buffer.byteLength(body)) });
  response.write(body);
  return finish(exchange, status, outputTokens, report);
}

/** Whether the answer has ended with that. */
async function faultBeforeHeaders(
  exchange: Exchange,
  fault: Fault | undefined,
  outputTokens: number,
  report: Report,
  isWhole = false,
): Promise<boolean> {
  const { signal } = exchange;
  if (fault?.kind === 'slow' && fault.beforeMs !== undefined) await pause(fault.beforeMs, signal);
  const isNow = (afterEvents: number | undefined) => isWhole || afterEvents === undefined;
  if (fault?.kind === 'disconnect' && isNow(fault.afterEvents)) {
    await cut(exchange, null, outputTokens, report);
    return true;
  }
  if (fault?.kind === 'stall' && isNow(fault.afterEvents)) {
    report({ outcome: 'pending', status: null, outputTokens });
    await untilGone(signal);
  }
  if (signal.aborted) report({ outcome: 'client-disconnected', status: null, outputTokens });
  return signal.aborted;
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
  report: Report,
): Promise<void> {
  if (!signal.aborted) {
    report({ outcome: 'completed', status, outputTokens });
    const flushed = new Promise<void>((resolve) => response.end(() => resolve()));
    await Promise.race([flushed, untilGone(signal)]);
  }
  if (!response.writableFinished) report({ outcome: 'client-disconnected', status, outputTokens });
}

/** Ends the connection after what was written, without the end of the response. */
async function cut(
  { response, signal }: Exchange,
  status: number | null,
  outputTokens: number,
  report: Report,
): Promise<void> {
  report({ outcome: 'cut', status, outputTokens });
  // The response holds back what was written in this round of the event loop.
  await nextLoop();
  response.socket?.destroySoon();
  if (!signal.aborted) await untilGone(signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) await nextLoop();
  else await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function untilGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
