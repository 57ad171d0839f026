import { amountText, bareAmount } from '../messages/format-amount.ts';
import type { BudgetStatus } from '../state/Ledger.ts';
import { budgetTitle } from '../state/scope.ts';

/** Something that a user wants to hear of without looking. */
export type Notification =
  | { readonly type: 'threshold'; readonly budget: BudgetStatus; readonly percent: number }
  /** Work that Claude was asked for, or was to be, passed to the other. */
  | {
      readonly type: 'handover';
      readonly from: string;
      readonly to: string;
      /** A sentence without its full stop. */
      readonly reason: string;
      readonly door: string;
    }
  | { readonly type: 'test' };

/** What is shown to people: one line, without control characters. */
export function notificationText(notification: Notification): string {
  return plainText(notification).replace(/\p{Cc}+/gu, ' ');
}

/** What a webhook gets, as JSON. `type` says what `data` holds; more fields may come. */
export function notificationEvent(notification: Notification, atMs: number): Record<string, unknown> {
  const message = notificationText(notification);
  const event = { timestamp: new Date(atMs).toISOString() };
  switch (notification.type) {
    case 'threshold': {
      const { budget, percent } = notification;
      const data = {
        message,
        budget: budget.name,
        ...(budget.each && { each: budget.each }),
        percent,
        unit: budget.unit ?? 'tokens',
        limit: budget.limitTokens,
        settled: budget.settledTokens,
        held: budget.heldTokens,
        remaining: budget.remainingTokens,
        resetAt: new Date(budget.resetAtMs).toISOString(),
      };
      return { type: 'budget.threshold', ...event, data };
    }
    case 'handover': {
      const { from, to, reason, door } = notification;
      return { type: 'task.handover', ...event, data: { message, from, to, reason, door } };
    }
    case 'test':
      return { type: 'test', ...event, data: { message } };
  }
}

function plainText(notification: Notification): string {
  switch (notification.type) {
    case 'threshold': {
      const { budget, percent } = notification;
      const used = `${bareAmount(budget, budget.settledTokens)} of ${amountText(budget, budget.limitTokens)} used`;
      const end = percent >= 100 ? '; Ollama does the work until it resets' : '';
      return `Token budget ${budgetTitle(budget)} reached ${percent}%: ${used}${end}`;
    }
    case 'handover':
      return `Handover from ${notification.from} to ${notification.to}: ${notification.reason}`;
    case 'test':
      return 'This is a test: notifications of teelamma arrive here';
  }
}
