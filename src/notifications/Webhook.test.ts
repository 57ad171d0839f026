import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox } from './Outbox.ts';
import { webhookKey } from './sign-webhook.ts';
import { Webhook } from './Webhook.ts';
import { WebhookQueue, type WebhookQueueOptions } from './WebhookQueue.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const key = webhookKey(secret) ?? Buffer.alloc(0);
const message = { type: 'test', data: { message: 'Grüße "<&>"' } };
const hourMs = 3_600_000;

describe('the webhook', () => {
  /** What the receiver answers, by the number of the attempt; 0: it breaks the connection, -1: it never answers. */
  let statuses: number[];
  let extra: Record<string, string>;
  let received: { headers: IncomingHttpHeaders; body: string }[];
  let url: string;
  let problems: string[];
  let nowMs: number;
  let folder: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    statuses = [];
    extra = {};
    received = [];
    problems = [];
    nowMs = Date.now();
    folder = join(mkdtempSync(join(tmpdir(), 'teelamma-outbox-')), 'outbox');
    const server = createServer(async (request, response) => {
      received.push({ headers: request.headers, body: await text(request) });
      const status = statuses.shift() ?? 204;
      if (status === 0) request.socket.destroy();
      else if (status > 0) response.writeHead(status, { location: '/elsewhere', ...extra }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden`;
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(async () => {
    await close();
    rmSync(join(folder, '..'), { recursive: true });
  });

  const webhook = () => new Webhook({ url, key }, { nowMs: () => nowMs, fetch });
  function queue(options: WebhookQueueOptions = {}, clock = () => nowMs): WebhookQueue {
    return new WebhookQueue(options, {
      webhook: webhook(),
      outbox: new Outbox({ folder }),
      nowMs: clock,
      newId: () => crypto.randomUUID(),
      random: Math.random,
      onProblem: (problem) => problems.push(problem),
    });
  }
  const kept = () => new Outbox({ folder }).list();
  const ids = () => received.map(({ headers }) => headers['webhook-id']);
  const waitFor = (what: () => void) => vi.waitFor(what, 5_000);

  it('is sent one id in all attempts, and a signature that verifies', async () => {
    statuses = [503, 0];
    const calls = queue({ firstWaitMs: 1 }, Date.now);
    calls.send(message);
    await waitFor(() => expect(received).toHaveLength(3));
    await calls.close();
    expect(new Set(ids()).size).toBe(1);
    const verifier = new Verifier(secret);
    for (const { headers, body } of received) {
      expect(verifier.verify(body, headers as Record<string, string>)).toEqual(message);
      expect(() => verifier.verify(`${body} `, headers as Record<string, string>)).toThrow('signature');
    }
    expect([problems, kept()]).toEqual([[], []]);
  });

  it('says what came of an attempt, and follows no redirect', async () => {
    statuses = [307, 410];
    extra = { 'retry-after': '7' };
    const failed = { taken: false, retryAfterMs: 7_000 };
    expect(await webhook().post('msg_1', '{}')).toEqual({
      ...failed,
      problem: 'it answered 307',
      isFinal: false,
    });
    expect(await webhook().post('msg_1', '{}')).toEqual({
      ...failed,
      problem: 'it answered 410',
      isFinal: true,
    });
    expect(await webhook().post('msg_1', '{}')).toEqual({ taken: true, status: 204 });
    expect(received).toHaveLength(3);
  });

  it('lets nobody wait, and on closing tries once more what waits for its next attempt', async () => {
    statuses = [500];
    extra = { 'retry-after': '7200' };
    const calls = queue();
    calls.send(message);
    await waitFor(() => expect(kept()[0]?.dueMs).toBe(nowMs + hourMs));
    await calls.close();
    expect([received.length, problems, kept()]).toEqual([2, [], []]);
  });

  it('keeps what a process could not deliver for the next one, which sends it with the same id', async () => {
    await close();
    close = async () => undefined;
    const first = queue({ graceMs: 20 });
    first.send(message);
    first.send(message);
    await waitFor(() => expect(kept().every(({ dueMs }) => dueMs < nowMs + 2_000)).toBe(true));
    await first.close();
    expect(problems).toEqual([
      `The webhook at ${new URL(url).origin} did not take 2 messages (ECONNREFUSED); the next process tries again, for a day.`,
    ]);
    const [one, other] = kept();
    expect(readdirSync(folder)).toHaveLength(2);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain('hidden');
    }

    const taken: string[] = [];
    const server = createServer((request, response) => {
      taken.push(String(request.headers['webhook-id']));
      response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
    nowMs += 2_000;
    const [second, third] = [queue(), queue()];
    await waitFor(() => expect(kept()).toEqual([]));
    await second.close();
    await third.close();
    expect(taken.sort()).toEqual([one?.id, other?.id].sort());
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is tried in ever longer times, at most an hour, and given up after a day', async () => {
    statuses = Array<number>(40).fill(500);
    const outbox = new Outbox({ folder });
    outbox.add({ id: 'msg_old', sinceMs: nowMs, dueMs: nowMs }, '{}');
    const startMs = nowMs;
    const waits: number[] = [];
    for (let attempts = 1; kept().length > 0; attempts += 1) {
      const one = queue();
      await waitFor(() => expect(received.length === attempts || kept().length === 0).toBe(true));
      await one.close();
      const [left] = kept();
      if (!left) break;
      waits.push(left.dueMs - nowMs);
      nowMs = left.dueMs;
    }
    expect(waits[0]).toBeLessThanOrEqual(1_200);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1.2 * hourMs);
    expect(waits.filter((waitMs) => waitMs < hourMs / 2).length).toBeLessThan(20);
    expect(nowMs - startMs).toBeGreaterThan(24 * hourMs);
    expect(problems.at(-1)).toContain('was not told of a message: it was tried for a day');
    expect(problems.filter((problem) => problem.includes('does not take messages'))).not.toEqual([]);
  });

  it('is not tried by two at once, and again where who tried it died', async () => {
    statuses = [-1];
    const outbox = new Outbox({ folder });
    outbox.add({ id: 'msg_1', sinceMs: nowMs, dueMs: nowMs }, '{}');
    const dying = queue({ graceMs: 10 });
    await waitFor(() => expect(received).toHaveLength(1));
    const [claimed] = kept();
    const idle = queue();
    await idle.close();
    expect([received.length, kept()]).toEqual([1, [claimed]]);
    nowMs += 60_000;
    const next = queue();
    await waitFor(() => expect(kept()).toEqual([]));
    await next.close();
    await dying.close();
    expect(ids()).toEqual(['msg_1', 'msg_1']);
  });

  it('is not told again of what it wants no more', async () => {
    statuses = [410];
    const calls = queue();
    calls.send(message);
    await waitFor(() => expect(problems).toHaveLength(1));
    expect([problems[0], kept()]).toEqual([expect.stringContaining('it answered 410'), []]);
    await calls.close();
    expect(received).toHaveLength(1);
  });

  it('ends in a short time where the receiver does not answer', async () => {
    statuses = [-1];
    const calls = queue({ graceMs: 20 });
    calls.send(message);
    await calls.close();
    expect(problems).toEqual([expect.stringContaining('before this process ended')]);
    expect(kept()).toHaveLength(1);
  });

  it('keeps the newest hundred messages and no more', async () => {
    const outbox = new Outbox({ folder });
    for (let old = 0; old < 100; old += 1) {
      outbox.add({ id: `msg_${old}`, sinceMs: nowMs - 1_000 + old, dueMs: nowMs + hourMs }, '{}');
    }
    statuses = [500];
    const calls = queue({ firstWaitMs: hourMs, graceMs: 0 });
    calls.send(message);
    await waitFor(() => expect(received).toHaveLength(1));
    expect(problems).toEqual([expect.stringContaining('100 newer ones wait')]);
    expect(kept()).toHaveLength(100);
    expect(kept().map(({ id }) => id)).not.toContain('msg_0');
    await calls.close();
  });

  it('is sent to where nothing can be kept, and no file that a power cut left empty', async () => {
    const outbox = new Outbox({ folder });
    outbox.add({ id: 'msg_empty', sinceMs: nowMs, dueMs: nowMs }, '{}');
    truncateSync(join(folder, readdirSync(folder)[0] ?? ''));
    const one = queue();
    await waitFor(() => expect(kept()).toEqual([]));
    await one.close();
    expect(received).toEqual([]);

    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'not a folder');
    const other = queue();
    other.send(message);
    await other.close();
    expect([received.length, problems]).toEqual([1, [expect.stringContaining('cannot be kept')]]);
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
