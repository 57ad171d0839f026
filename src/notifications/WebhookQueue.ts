import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { KeptMessage, Outbox } from './Outbox.ts';
import type { Attempt, Webhook } from './Webhook.ts';

export interface WebhookQueueOptions {
  /** Shortest time until the next attempt. Default 1 s. */
  readonly firstWaitMs?: number;
  /** How long `close` goes on with what this process sent. Default 3 s. */
  readonly graceMs?: number;
}

export interface WebhookQueuePorts {
  readonly webhook: Pick<Webhook, 'post' | 'name' | 'timeoutMs'>;
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told what was given up, and what fails for long, in a sentence that has no secret in it. */
  readonly onProblem: (message: string) => void;
}

/** A receiver that is down for long must not fill the disk. */
const mostKept = 100;
/** What is older is no news any more. */
const longestKeptMs = 24 * 3_600_000;
const longestWaitMs = 3_600_000;
/** What a process that died has left is seen this late. */
const lookAgainMs = 60_000;
/** From here on a failure is worth a word. */
const patienceMs = 60_000;
/** Between attempts while a process ends. */
const hurriedMs = 200;

/**
 * Delivers messages to a webhook at least once: each is in the outbox until the receiver has taken it, and every process that has the webhook
 * goes on with what another one left. Each attempt of a message comes as late again as it is old (1 s, 2 s, 4 s, ... at most an hour), for a
 * day. Nobody waits for it but `close`.
 */
export class WebhookQueue {
  private readonly options: Required<WebhookQueueOptions>;
  private readonly ports: WebhookQueuePorts;
  private readonly underWay = new Map<string, Promise<void>>();
  /** What this process sent and nobody has taken, as it was last put off here. */
  private readonly own = new Map<string, KeptMessage>();
  /** Ends every attempt. */
  private readonly end = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private isClosing = false;
  private isFailing = false;
  private hasTrouble = false;
  private lastProblem = '';

  constructor(options: WebhookQueueOptions, ports: WebhookQueuePorts) {
    this.options = { firstWaitMs: 1_000, graceMs: 3_000, ...options };
    this.ports = ports;
    this.lookAt(ports.nowMs());
  }

  /** Begins to deliver a message. Never throws. */
  send(content: unknown): void {
    const { outbox, newId } = this.ports;
    const sinceMs = this.ports.nowMs();
    const message = { id: `msg_${newId()}`, sinceMs, dueMs: sinceMs + this.attemptMs() };
    const body = JSON.stringify(content);
    try {
      outbox.add(message, body);
      this.own.set(message.id, message);
      for (const old of outbox.list().slice(0, -mostKept)) {
        this.giveUp(old, `${mostKept} newer ones wait for it`);
      }
    } catch (error) {
      this.tellTrouble(error);
    }
    this.attempt(message, body);
  }

  /** Tries at once what this process sent and nobody has taken, for a short time; what is left then is left to the next process. */
  async close(): Promise<void> {
    this.isClosing = true;
    if (this.timer) clearTimeout(this.timer);
    const grace = setTimeout(() => this.end.abort(), this.options.graceMs);
    for (;;) {
      this.beginOwn();
      if (this.underWay.size === 0) break;
      await Promise.all(this.underWay.values());
      if (this.own.size === 0 || this.end.signal.aborted) break;
      await delay(hurriedMs, undefined, { signal: this.end.signal }).catch(() => undefined);
    }
    clearTimeout(grace);
    if (this.own.size > 0) {
      const what = this.own.size === 1 ? 'a message' : `${this.own.size} messages`;
      this.ports.onProblem(
        `${this.ports.webhook.name} did not take ${what} (${this.lastProblem}); the next process tries again, for a day.`,
      );
    }
  }

  private beginOwn(): void {
    try {
      for (const message of this.own.values()) if (!this.underWay.has(message.id)) this.begin(message);
    } catch (error) {
      this.tellTrouble(error);
    }
  }

  /** Goes through the outbox: what is due is tried, what is too old is given up. */
  private look(): void {
    const { outbox, nowMs } = this.ports;
    const now = nowMs();
    let nextMs = now + lookAgainMs;
    try {
      for (const message of outbox.list()) {
        if (this.underWay.has(message.id)) continue;
        if (now - message.sinceMs > longestKeptMs) this.giveUp(message, 'it was tried for a day');
        else if (isDue(message, now)) this.begin(message);
        else nextMs = Math.min(nextMs, message.dueMs);
      }
    } catch (error) {
      this.tellTrouble(error);
    }
    this.lookAt(nextMs);
  }

  /** Unreferenced: no process stays for it. */
  private lookAt(atMs: number): void {
    if (this.isClosing || atMs >= this.timerAtMs) return;
    if (this.timer) clearTimeout(this.timer);
    this.timerAtMs = atMs;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.timerAtMs = Number.POSITIVE_INFINITY;
        this.look();
      },
      Math.max(0, atMs - this.ports.nowMs()),
    );
    this.timer.unref();
  }

  /** Tries a message of the outbox, unless another process does. @throws the system's error */
  private begin(message: KeptMessage): void {
    const { outbox, nowMs } = this.ports;
    const claimed = outbox.postpone(message, nowMs() + this.attemptMs());
    if (!claimed) {
      this.own.delete(message.id);
      return;
    }
    const body = outbox.body(claimed);
    if (body === null) this.forget(claimed);
    else this.attempt(claimed, body);
  }

  private attempt(message: KeptMessage, body: string): void {
    const attempt = this.ports.webhook.post(message.id, body, this.end.signal).then((result) => {
      this.underWay.delete(message.id);
      try {
        this.settle(message, result);
      } catch (error) {
        this.tellTrouble(error);
      }
    });
    this.underWay.set(message.id, attempt);
  }

  private settle(message: KeptMessage, result: Attempt): void {
    if (result.taken) {
      this.isFailing = false;
      this.forget(message);
      return;
    }
    // What an attempt is cut off by says less than how the one before it ended.
    if (this.lastProblem === '' || !this.end.signal.aborted) this.lastProblem = result.problem;
    if (result.isFinal) {
      this.giveUp(message, result.problem);
      return;
    }
    const now = this.ports.nowMs();
    const ageMs = Math.max(0, now - message.sinceMs);
    const waitMs = Math.min(longestWaitMs, Math.max(this.options.firstWaitMs, ageMs));
    const later = this.ports.outbox.postpone(
      message,
      Math.ceil(now + Math.max(result.retryAfterMs, waitMs * (0.8 + 0.4 * this.ports.random()))),
    );
    if (!later) {
      this.own.delete(message.id);
      return;
    }
    if (this.own.has(message.id)) this.own.set(message.id, later);
    if (ageMs > patienceMs && !this.isFailing) {
      this.isFailing = true;
      this.ports.onProblem(
        `${this.ports.webhook.name} does not take messages (${result.problem}); each is tried again for a day.`,
      );
    }
    this.lookAt(later.dueMs);
  }

  private giveUp(message: KeptMessage, why: string): void {
    this.forget(message);
    this.ports.onProblem(`${this.ports.webhook.name} was not told of a message: ${why}.`);
  }

  private forget(message: KeptMessage): void {
    this.own.delete(message.id);
    this.ports.outbox.remove(message);
  }

  /** Of the folder, once: what is not kept is tried once, and what cannot be removed is sent twice. */
  private tellTrouble(error: unknown): void {
    if (this.hasTrouble) return;
    this.hasTrouble = true;
    this.ports.onProblem(`Messages for the webhook cannot be kept: ${messageOf(error)}.`);
  }

  /** A message is whose tries it for so long, and due again where that process died. */
  private attemptMs(): number {
    return this.ports.webhook.timeoutMs + 5_000;
  }
}

/** A time that no wait can have made was made by another clock. */
function isDue({ dueMs }: KeptMessage, nowMs: number): boolean {
  return dueMs <= nowMs || dueMs > nowMs + 2 * longestWaitMs;
}
