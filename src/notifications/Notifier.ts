import { type Notification, notificationEvent, notificationText } from './Notification.ts';
import type { DesktopOutcome } from './show-on-desktop.ts';
import type { WebhookQueue } from './WebhookQueue.ts';

export interface NotifierPorts {
  readonly nowMs: () => number;
  /** A line for whoever sits at the terminal; null where nobody does, or it is not wanted. */
  readonly terminal: ((line: string) => void) | null;
  /** Null where it is not wanted. */
  readonly desktop: ((title: string, text: string) => Promise<DesktopOutcome>) | null;
  readonly webhook: Pick<WebhookQueue, 'send' | 'close'> | null;
  /** Told once of each thing that is in the way. */
  readonly onProblem: (message: string) => void;
}

/** While a budget is gone every conversation passes over; one word in this time is enough. */
const handoverRestMs = 5 * 60_000;

/** Tells the user, wherever that was asked for, and lets nobody wait: `notify` returns at once and never throws. */
export class Notifier implements AsyncDisposable {
  private readonly ports: NotifierPorts;
  private readonly toldAtMs = new Map<string, number>();
  private readonly told = new Set<string>();
  private readonly showing = new Set<Promise<void>>();
  private hasDesktop: boolean;

  constructor(ports: NotifierPorts) {
    this.ports = ports;
    this.hasDesktop = ports.desktop !== null;
  }

  /** A handover in the same direction within five minutes of one that was told is left out. Thresholds come once from the ledger. */
  notify(notification: Notification): void {
    const nowMs = this.ports.nowMs();
    if (notification.type === 'handover' && !this.isNews(notification, nowMs)) return;
    const text = notificationText(notification);
    this.ports.terminal?.(text);
    this.ports.webhook?.send(notificationEvent(notification, nowMs));
    if (this.hasDesktop) this.show(text);
  }

  /** Gives what is not delivered a short time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.ports.webhook?.close(), ...this.showing]);
  }

  private isNews({ from, to }: Extract<Notification, { type: 'handover' }>, nowMs: number): boolean {
    const direction = `${from} ${to}`;
    const toldAtMs = this.toldAtMs.get(direction);
    if (toldAtMs !== undefined && nowMs - toldAtMs < handoverRestMs) return false;
    this.toldAtMs.set(direction, nowMs);
    return true;
  }

  private show(text: string): void {
    const showing = (
      this.ports.desktop?.('teelamma', text) ?? Promise.resolve({ shown: true as const })
    ).then((outcome) => {
      this.showing.delete(showing);
      if (outcome.shown) return;
      this.hasDesktop = this.hasDesktop && outcome.isAvailable;
      this.tell(`A notification could not be shown on the desktop: ${outcome.problem}.`);
    });
    this.showing.add(showing);
  }

  private tell(problem: string): void {
    if (this.told.has(problem)) return;
    this.told.add(problem);
    this.ports.onProblem(problem);
  }
}
