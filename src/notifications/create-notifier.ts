import type { Config, Environment } from '../config/Config.ts';
import { Notifier } from './Notifier.ts';
import { showOnDesktop } from './show-on-desktop.ts';
import { webhookKey } from './sign-webhook.ts';
import { Webhook, type WebhookOptions } from './Webhook.ts';

export interface CreateNotifierPorts {
  readonly environment: Environment;
  /** `process.platform`. */
  readonly platform: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly fetch: typeof fetch;
  readonly random: () => number;
  /** As in `NotifierPorts`. */
  readonly terminal: ((line: string) => void) | null;
  readonly onProblem: (message: string) => void;
}

/** The notifier that the configuration asks for. A webhook whose secret is missing or of no use is told to `onProblem` and left out. */
export function createNotifier(config: Config, ports: CreateNotifierPorts): Notifier {
  const { terminal, desktop } = config.notifications;
  const { nowMs, onProblem, environment, platform } = ports;
  const webhook = createWebhook(config, ports);
  if (typeof webhook === 'string') onProblem(webhook);
  return new Notifier({
    nowMs,
    terminal: terminal ? ports.terminal : null,
    desktop: desktop ? (title, text) => showOnDesktop(title, text, { platform, environment }) : null,
    webhook: typeof webhook === 'string' ? null : webhook,
    onProblem,
  });
}

/** The configured webhook; null for none, and a sentence where its secret is missing or of no use. */
export function createWebhook(
  { notifications: { webhook } }: Config,
  ports: Omit<CreateNotifierPorts, 'terminal' | 'environment' | 'platform'>,
  options: Pick<WebhookOptions, 'backOffMs'> = {},
): Webhook | null | string {
  if (webhook === null) return null;
  const { url, secret, secretEnv } = webhook;
  if (secret === undefined) {
    return `Nothing is sent to the webhook: its secret is not in the environment. Set ${secretEnv} (notifications.webhookSecretEnv) to the secret that the receiver gave you.`;
  }
  const key = webhookKey(secret);
  if (key === null) {
    return `Nothing is sent to the webhook: ${secretEnv} is no secret of the Standard Webhooks form, which is whsec_ and 24 to 64 bytes in base64.`;
  }
  return new Webhook({ url, key, ...options }, ports);
}
