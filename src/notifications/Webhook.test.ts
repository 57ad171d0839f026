import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { webhookKey } from './sign-webhook.ts';
import { Webhook, type WebhookOptions } from './Webhook.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const key = webhookKey(secret) ?? Buffer.alloc(0);
const message = { type: 'test', data: { message: 'Grüße "<&>"' } };

describe('Webhook', () => {
  /** What the receiver answers, by the number of the attempt; 0: it breaks the connection. */
  let statuses: number[];
  let received: { headers: IncomingHttpHeaders; body: string }[];
  let url: string;
  let problems: string[];
  let close: () => Promise<void>;

  beforeEach(async () => {
    statuses = [];
    received = [];
    problems = [];
    const server = createServer(async (request, response) => {
      received.push({ headers: request.headers, body: await text(request) });
      const status = statuses.shift() ?? 204;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden`;
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(() => close());

  function create(options: Partial<WebhookOptions> = {}): Webhook {
    return new Webhook(
      { url, key, backOffMs: [1, 1], ...options },
      {
        nowMs: Date.now,
        newId: () => crypto.randomUUID(),
        fetch,
        random: Math.random,
        onProblem: (problem) => problems.push(problem),
      },
    );
  }

  it('tries again until the receiver takes it, with one id and a signature that verifies', async () => {
    statuses = [503, 0];
    expect(await create().deliver(message)).toEqual({ delivered: true, attempts: 3, status: 204 });
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const verifier = new Verifier(secret);
    for (const { headers, body } of received) {
      expect(verifier.verify(body, headers as Record<string, string>)).toEqual(message);
      expect(() => verifier.verify(`${body} `, headers as Record<string, string>)).toThrow('signature');
    }
    expect(problems).toEqual([]);
  });

  it('gives up after the last attempt, at once where the receiver is gone, and follows no redirect', async () => {
    statuses = [500, 500, 500, 410, 307, 307, 307];
    const webhook = create();
    const failed = (attempts: number, status: number) => ({
      delivered: false,
      attempts,
      problem: `it answered ${status}`,
    });
    expect(await webhook.deliver(message)).toEqual(failed(3, 500));
    expect(await webhook.deliver(message)).toEqual(failed(1, 410));
    expect(await webhook.deliver(message)).toEqual(failed(3, 307));
    expect(received).toHaveLength(7);
  });

  it('lets nobody wait, and on closing tries once more what waits for its next attempt', async () => {
    statuses = [500];
    const webhook = create({ backOffMs: [3_600_000, 3_600_000] });
    webhook.send(message);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await webhook.close();
    expect(received).toHaveLength(2);
    expect(problems).toEqual([]);
  });

  it('says what it could not deliver, without the path of the URL or the secret', async () => {
    await close();
    const webhook = create({ backOffMs: [3_600_000] });
    webhook.send(message);
    await webhook.close();
    expect(problems).toEqual([
      `The webhook at ${new URL(url).origin} did not take a message after 2 attempts: ECONNREFUSED.`,
    ]);
    close = async () => undefined;
  });

  it('ends in a short time where the receiver does not answer', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const webhook = create({
      url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      graceMs: 20,
    });
    webhook.send(message);
    await webhook.close();
    expect(problems).toEqual([expect.stringContaining('this process ends')]);
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('keeps a hundred messages and no more', async () => {
    statuses = Array<number>(100).fill(500);
    const webhook = create({ backOffMs: [3_600_000] });
    for (let sent = 0; sent < 101; sent += 1) webhook.send(message);
    expect(problems).toEqual([expect.stringContaining('100 others wait')]);
    await webhook.close();
  });
});

describe('webhookKey', () => {
  it.each(['', 'whsec_', 'whsec_!!!!', `whsec_${Buffer.alloc(23).toString('base64')}`, 'my password'])(
    'takes no secret of another form: %j',
    (text) => {
      expect(webhookKey(text)).toBeNull();
    },
  );
});
