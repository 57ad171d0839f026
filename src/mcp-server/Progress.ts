import type { ServerContext } from '@modelcontextprotocol/server';
import type { TaskEvent } from '../task-events.ts';
import { progressText } from './progress-text.ts';

/** A sign of life at least this often: clients end a call that is silent for long, and loading a model takes minutes. */
const heartbeatMs = 5_000;

/**
 * Progress notifications of one call, for clients that asked for them with a `progressToken`: each stage as it comes, and in between a
 * sign of life. Dispose it when the call ends.
 */
export class Progress implements Disposable {
  private readonly context: ServerContext;
  private readonly timer: NodeJS.Timeout | undefined;
  private count = 0;
  private stage = 'Starting';
  private textLength = 0;
  private tellsSinceBeat = 0;

  constructor(context: ServerContext, beatMs = heartbeatMs) {
    this.context = context;
    if (this.token === undefined) return;
    this.timer = setInterval(() => this.beat(), beatMs);
    this.timer.unref();
  }

  show(event: TaskEvent): void {
    if (event.type === 'text') this.textLength += event.text.length;
    if (event.type === 'turn-started' || event.type === 'handover') this.textLength = 0;
    const text = progressText(event);
    if (text === null) return;
    this.stage = text;
    this.tell(text);
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    const isQuiet = this.tellsSinceBeat === 0;
    this.tellsSinceBeat = 0;
    if (!isQuiet) return;
    this.tell(this.textLength > 0 ? `${this.stage} - ${this.textLength} characters so far` : this.stage);
    this.tellsSinceBeat = 0;
  }

  /** `progress` must rise with each notification; there is no total, because nobody knows how many rounds a task takes. */
  private tell(message: string): void {
    const progressToken = this.token;
    if (progressToken === undefined || this.context.mcpReq.signal.aborted) return;
    this.count += 1;
    this.tellsSinceBeat += 1;
    const params = { progressToken, progress: this.count, message };
    // A client that has gone away is told nothing; that it has gone ends the call by its signal.
    this.context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }

  private get token(): string | number | undefined {
    return this.context.mcpReq._meta?.progressToken;
  }
}
