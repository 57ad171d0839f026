import type { Config, Environment } from '../config/Config.ts';
import { Notifier } from './Notifier.ts';
import { Outbox } from './Outbox.ts';
import { showOnDesktop } from './show-on-desktop.ts';
import { webhookKey } from './sign-webhook.ts';
import { Webhook, type WebhookPorts } from './Webhook.ts';
import { WebhookQueue } from './WebhookQueue.ts';

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
  const { terminal, desktop, webhook } = config.notifications;
  const { nowMs, onProblem, environment, platform } = ports;
  return new Notifier({
    nowMs,
    terminal: terminal ? ports.terminal : null,
    desktop: desktop ? (title, text) => showOnDesktop(title, text, { platform, environment }) : null,
    webhook: webhook && createQueue(webhook, config, ports),
    onProblem,
  });
}

/** The configured webhook; where its secret is missing or of no use what is wrong, in a sentence without its full stop, and what to do. */
export function createWebhook(
  { url, secret, secretEnv }: ConfiguredWebhook,
  ports: WebhookPorts,
): Webhook | { readonly problem: string; readonly fix: string } {
  if (secret === undefined) {
    const fix = `set ${secretEnv} (notifications.webhookSecretEnv) to the secret that the receiver gave you`;
    return { problem: 'Nothing is sent to the webhook, since its secret is not in the environment', fix };
  }
  const key = webhookKey(secret);
  if (key === null) {
    const fix = `set ${secretEnv} to whsec_ and 24 to 64 bytes in base64, the form of the Standard Webhooks`;
    return { problem: `Nothing is sent to the webhook, since ${secretEnv} holds no secret of its form`, fix };
  }
  return new Webhook({ url, key }, ports);
}

type ConfiguredWebhook = NonNullable<Config['notifications']['webhook']>;

function createQueue(
  configured: ConfiguredWebhook,
  { paths }: Config,
  ports: CreateNotifierPorts,
): WebhookQueue | null {
  const webhook = createWebhook(configured, ports);
  if (!('problem' in webhook)) {
    return new WebhookQueue({}, { ...ports, webhook, outbox: new Outbox({ folder: paths.outboxFolder }) });
  }
  ports.onProblem(`${webhook.problem}: ${webhook.fix}.`);
  return null;
}
