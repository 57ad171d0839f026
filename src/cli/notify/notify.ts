import { randomUUID } from 'node:crypto';
import type { Config } from '../../config/Config.ts';
import { loadConfig } from '../../config/load-config.ts';
import { createWebhook } from '../../notifications/create-notifier.ts';
import { notificationEvent, notificationText } from '../../notifications/Notification.ts';
import { Outbox } from '../../notifications/Outbox.ts';
import { showOnDesktop } from '../../notifications/show-on-desktop.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';

export interface NotifyOptions {
  readonly test?: boolean;
  readonly json?: boolean;
}

interface Channel {
  readonly channel: 'terminal' | 'desktop' | 'webhook';
  readonly on: boolean;
  /** What it is set to, or what came of the test. */
  readonly detail: string;
  /** Of a test; null without one, and for a channel that is off. */
  readonly ok: boolean | null;
}

const title = 'teelamma';

/** Shows where notifications go; with `test`, sends one to each place. The exit code is 1 where one did not arrive. */
export async function notify(context: CliContext, options: NotifyOptions): Promise<void> {
  const { config } = loadConfig(context.environment);
  const channels = options.test ? await testChannels(context, config) : shownChannels(config);
  if (options.json) writeJson(context, { tested: options.test === true, channels });
  else for (const channel of channels) writeLine(context, lineOf(context, channel));
  if (channels.some(({ ok }) => ok === false)) context.setExitCode(exitCodes.unexpected);
}

function shownChannels({ notifications, paths }: Config): readonly Channel[] {
  const { terminal, desktop, webhook } = notifications;
  const secret = webhook?.secret === undefined ? 'not set' : 'set';
  const { length: waiting } = new Outbox({ folder: paths.outboxFolder }).list();
  const rest = waiting === 0 ? '' : `; not taken yet: ${waiting} ${waiting === 1 ? 'message' : 'messages'}`;
  return [
    { channel: 'terminal', on: terminal, detail: 'lines on stderr of run and serve', ok: null },
    { channel: 'desktop', on: desktop, detail: 'notify-send, osascript or a toast', ok: null },
    {
      channel: 'webhook',
      on: webhook !== null,
      detail: webhook ? `${webhook.url}, secret in ${webhook.secretEnv} (${secret})${rest}` : 'no URL',
      ok: null,
    },
  ];
}

async function testChannels(context: CliContext, { notifications }: Config): Promise<readonly Channel[]> {
  const off = { on: false, detail: 'off', ok: null };
  const [terminal, desktop, webhook] = await Promise.all([
    notifications.terminal ? testTerminal(context) : off,
    notifications.desktop ? testDesktop(context) : off,
    notifications.webhook ? testWebhook(context, notifications.webhook) : off,
  ]);
  return [
    { channel: 'terminal', ...terminal },
    { channel: 'desktop', ...desktop },
    { channel: 'webhook', ...webhook },
  ];
}

type Outcome = Omit<Channel, 'channel'>;

function testTerminal(context: CliContext): Outcome {
  writeNote(context, context.errorStyle.yellow(notificationText({ type: 'test' })));
  return { on: true, detail: 'shown on stderr', ok: true };
}

async function testDesktop({ environment }: CliContext): Promise<Outcome> {
  const outcome = await showOnDesktop(title, notificationText({ type: 'test' }), {
    platform: process.platform,
    environment,
  });
  return { on: true, detail: outcome.shown ? 'shown' : outcome.problem, ok: outcome.shown };
}

/** One attempt: whoever tests wants to know at once. */
async function testWebhook(
  { nowMs }: CliContext,
  configured: NonNullable<Config['notifications']['webhook']>,
): Promise<Outcome> {
  const webhook = createWebhook(configured, { nowMs, fetch });
  if ('problem' in webhook) return { on: true, detail: `${webhook.problem}: ${webhook.fix}.`, ok: false };
  const event = notificationEvent({ type: 'test' }, nowMs());
  const attempt = await webhook.post(`msg_${randomUUID()}`, JSON.stringify(event));
  return attempt.taken
    ? { on: true, detail: `taken with status ${attempt.status}`, ok: true }
    : { on: true, detail: `not taken: ${attempt.problem}`, ok: false };
}

function lineOf({ style }: CliContext, { channel, on, detail, ok }: Channel): string {
  const sign = ok === null ? (on ? 'on ' : 'off') : ok ? style.green('ok ') : style.red('no ');
  return `${sign} ${style.bold(channel.padEnd(8))} ${detail}`;
}
