import { setTimeout as delay } from 'node:timers/promises';
import { signWebhook } from './sign-webhook.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly key: Buffer;
  /** Waiting times between the attempts; one attempt more than there are. Default 1 s, 5 s, 30 s, 2 min, 10 min. */
  readonly backOffMs?: readonly number[];
  /** Longest time for one attempt. Default 10 s. */
  readonly timeoutMs?: number;
  /** How long `close` waits for what is not delivered. Default 3 s. */
  readonly graceMs?: number;
}

export interface WebhookPorts {
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly fetch: typeof fetch;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told where a message was given up, in a sentence that has no secret in it. */
  readonly onProblem: (message: string) => void;
}

export type Delivery =
  | { readonly delivered: true; readonly attempts: number; readonly status: number }
  | { readonly delivered: false; readonly attempts: number; readonly problem: string };

const usualBackOffMs = [1_000, 5_000, 30_000, 120_000, 600_000];
/** A receiver that is down for long must not fill the memory. */
const mostPending = 100;
/** Between attempts while a process ends. */
const hurriedMs = 200;
/** A receiver may ask for more time; not for ever. */
const longestWaitMs = 3_600_000;

/**
 * Delivers messages to one URL, signed as the Standard Webhooks specification says, at least once while this process lives: each keeps its
 * id over all attempts, so that a receiver knows one that it has. Nobody waits for it but `close`.
 */
export class Webhook {
  private readonly options: Required<WebhookOptions>;
  private readonly ports: WebhookPorts;
  private readonly pending = new Set<Promise<Delivery>>();
  /** Ends the waiting for a next attempt. */
  private readonly hurry = new AbortController();
  /** Ends everything. */
  private readonly end = new AbortController();

  constructor(options: WebhookOptions, ports: WebhookPorts) {
    this.options = { backOffMs: usualBackOffMs, timeoutMs: 10_000, graceMs: 3_000, ...options };
    this.ports = ports;
  }

  /** Begins to deliver a message. Never throws; what cannot be delivered in the end is told to `onProblem`. */
  send(message: unknown): void {
    if (this.hurry.signal.aborted || this.pending.size >= mostPending) {
      this.ports.onProblem(`${this.origin()} was not told of a message: ${mostPending} others wait for it.`);
      return;
    }
    const delivery = this.deliver(message).then((result) => {
      this.pending.delete(delivery);
      if (!result.delivered) {
        this.ports.onProblem(
          `${this.origin()} did not take a message after ${result.attempts} ${result.attempts === 1 ? 'attempt' : 'attempts'}: ${result.problem}.`,
        );
      }
      return result;
    });
    this.pending.add(delivery);
  }

  /** Delivers one message, and says what came of it. Never throws. */
  async deliver(message: unknown): Promise<Delivery> {
    const id = `msg_${this.ports.newId()}`;
    const body = JSON.stringify(message);
    for (let attempts = 1; ; attempts += 1) {
      const result = await this.attempt(id, body);
      if (result.status !== null && result.status >= 200 && result.status < 300) {
        return { delivered: true, attempts, status: result.status };
      }
      const waitMs = this.options.backOffMs[attempts - 1];
      // 410 is the receiver's word that it wants no more.
      if (waitMs === undefined || result.status === 410) {
        return { delivered: false, attempts, problem: result.problem };
      }
      await this.wait(Math.max(waitMs * (0.8 + 0.4 * this.ports.random()), result.retryAfterMs));
      if (this.end.signal.aborted) {
        return { delivered: false, attempts, problem: `${result.problem}, and this process ends` };
      }
    }
  }

  /** Tries at once what waits for its next attempt, and goes on with all of it for a short time. */
  async close(): Promise<void> {
    if (this.pending.size === 0) return;
    this.hurry.abort();
    const timer = setTimeout(() => this.end.abort(), this.options.graceMs);
    await Promise.all(this.pending);
    clearTimeout(timer);
  }

  private async attempt(
    id: string,
    body: string,
  ): Promise<{ readonly status: number | null; readonly problem: string; readonly retryAfterMs: number }> {
    const { url, key, timeoutMs } = this.options;
    try {
      const response = await this.ports.fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'claude-teelamma',
          ...signWebhook(key, id, this.ports.nowMs(), body),
        },
        body,
        // A signed body is for the one address that was configured.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.end.signal]),
      });
      await response.body?.cancel();
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      const retryAfterMs = Number.isFinite(seconds) ? Math.min(longestWaitMs, seconds * 1_000) : 0;
      return { status: response.status, problem: `it answered ${response.status}`, retryAfterMs };
    } catch (error) {
      return { status: null, problem: problemOf(error, timeoutMs), retryAfterMs: 0 };
    }
  }

  /** Ends early when `close` is called, and is short from then on. Unreferenced: nothing but `close` stays for it. */
  private async wait(durationMs: number): Promise<void> {
    const [waitMs, signal] = this.hurry.signal.aborted
      ? [Math.min(durationMs, hurriedMs), this.end.signal]
      : [durationMs, this.hurry.signal];
    await delay(waitMs, undefined, { ref: signal === this.end.signal, signal }).catch(() => undefined);
  }

  /** Without path and query, which may hold a token. */
  private origin(): string {
    return `The webhook at ${new URL(this.options.url).origin}`;
  }
}

function problemOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `it did not answer within ${timeoutMs / 1_000} s`;
  if (error.name === 'AbortError') return 'this process ends';
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
