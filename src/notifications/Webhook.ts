import { codeOf } from '../errors.ts';
import { signWebhook } from './sign-webhook.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly key: Buffer;
  /** Longest time for one attempt. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface WebhookPorts {
  readonly nowMs: () => number;
  readonly fetch: typeof fetch;
}

/** What came of one attempt. */
export type Attempt =
  | { readonly taken: true; readonly status: number }
  | {
      readonly taken: false;
      /** A few words, without path or secret. */
      readonly problem: string;
      /** How long the receiver asks to be left alone; 0 where it does not. */
      readonly retryAfterMs: number;
      /** It wants no more of this. */
      readonly isFinal: boolean;
    };

const usualTimeoutMs = 10_000;
/** A receiver may ask for more time; not for ever. */
const longestWaitMs = 3_600_000;

/** One URL that takes messages, signed as the Standard Webhooks specification says. Any 2xx is a receipt. */
export class Webhook {
  /** How it is called in messages: without path and query, which may hold a token. */
  readonly name: string;
  /** Longest time for one attempt. */
  readonly timeoutMs: number;
  private readonly options: WebhookOptions;
  private readonly ports: WebhookPorts;

  constructor(options: WebhookOptions, ports: WebhookPorts) {
    this.options = options;
    this.ports = ports;
    this.timeoutMs = options.timeoutMs ?? usualTimeoutMs;
    this.name = `The webhook at ${new URL(options.url).origin}`;
  }

  /** One attempt to deliver a body. The id stays the same in all attempts, so that a receiver knows a message that it has. Never throws. */
  async post(id: string, body: string, signal?: AbortSignal): Promise<Attempt> {
    const { url, key } = this.options;
    const timeout = AbortSignal.timeout(this.timeoutMs);
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
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      });
      await response.body?.cancel();
      const { status, headers } = response;
      if (status >= 200 && status < 300) return { taken: true, status };
      const retryAfterMs = retryAfter(headers.get('retry-after'));
      // 410 is the receiver's word that it wants no more.
      return { taken: false, problem: `it answered ${status}`, retryAfterMs, isFinal: status === 410 };
    } catch (error) {
      return { taken: false, problem: this.problemOf(error), retryAfterMs: 0, isFinal: false };
    }
  }

  private problemOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    if (error.name === 'TimeoutError') return `it did not answer within ${this.timeoutMs / 1_000} s`;
    if (error.name === 'AbortError') return 'it did not answer before this process ended';
    const cause = error.cause instanceof Error ? error.cause : error;
    return codeOf(cause) ?? cause.message;
  }
}

function retryAfter(header: string | null): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(longestWaitMs, seconds * 1_000) : 0;
}
