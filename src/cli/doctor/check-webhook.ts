import type { Config } from '../../config/Config.ts';
import { messageOf } from '../../errors.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import { createWebhook } from '../../notifications/create-notifier.ts';
import { Outbox } from '../../notifications/Outbox.ts';
import type { Check } from './Check.ts';

/** Whether the webhook has the secret that it needs, and what it has not taken yet; nothing where there is no webhook. Sends nothing. */
export function checkWebhook({ notifications: { webhook }, paths }: Config, nowMs: number): readonly Check[] {
  if (webhook === null) return [];
  const name = 'Webhook';
  const made = createWebhook(webhook, { nowMs: () => nowMs, fetch });
  if ('problem' in made) return [{ name, status: 'warn', found: made.problem, fix: made.fix }];
  const place = `${new URL(webhook.url).origin}, its secret in ${webhook.secretEnv}`;
  try {
    const waiting = new Outbox({ folder: paths.outboxFolder }).list();
    const [oldest] = waiting;
    if (!oldest) return [{ name, status: 'ok', found: place }];
    const many = waiting.length === 1 ? 'one message' : `${waiting.length} messages`;
    return [
      {
        name,
        status: 'warn',
        found: `${place}; it has not taken ${many}, the oldest for ${formatCountdown(Math.max(1, nowMs - oldest.sinceMs))}`,
        fix: '`teelamma notify --test` says what it answers; run, serve and mcp try again by themselves',
      },
    ];
  } catch (error) {
    const fix = `make ${paths.outboxFolder} yours and readable`;
    return [{ name, status: 'warn', found: `what waits for it is not known: ${messageOf(error)}`, fix }];
  }
}
