import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox } from '../../src/notifications/Outbox.ts';
import { showOnDesktop } from '../../src/notifications/show-on-desktop.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { startTeelamma, teelamma } from '../support/teelamma.ts';

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

interface Event {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

describe('notifications', () => {
  let installation: Installation;
  let events: Event[];
  let ids: string[];
  let failures: number;
  let environment: Record<string, string>;
  let close: () => void;

  beforeEach(async () => {
    installation = await startInstallation();
    events = [];
    ids = [];
    failures = 0;
    const server = createServer(async (request, response) => {
      const body = await text(request);
      ids.push(String(request.headers['webhook-id']));
      if (failures > 0) {
        failures -= 1;
        response.writeHead(503).end();
        return;
      }
      events.push(new Webhook(secret).verify(body, request.headers as Record<string, string>) as Event);
      response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => void server.close();
    environment = {
      TEELAMMA_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
      TEELAMMA_WEBHOOK_SECRET: secret,
    };
  });
  afterEach(async () => {
    await installation[Symbol.asyncDispose]();
    close();
  });

  function fakeNotifySend(exitCode = 0): { path: string; shown: () => string } {
    const bin = join(installation.home, 'bin');
    const file = join(installation.home, 'shown');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'notify-send'),
      `#!/bin/sh\nprintf '[%s]' "$@" >> '${file}'\nenv >> '${file}.env'\necho refused >&2\nexit ${exitCode}\n`,
    );
    chmodSync(join(bin, 'notify-send'), 0o755);
    return { path: [bin, process.env['PATH']].join(delimiter), shown: () => readFileSync(file, 'utf8') };
  }

  async function ask(url: string | undefined): Promise<void> {
    const message = {
      model: 'claude-sonnet-5-5',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'Hi' }],
    };
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'sk-test-not-a-key' },
      body: JSON.stringify(message),
    });
    expect(response.status).toBe(200);
    await response.text();
  }

  it('tell of a threshold once, whatever the number of processes, and keep the id of what is sent again', async () => {
    failures = 2;
    const one = await installation.open(environment);
    const other = await installation.open(environment);
    await one.ledger.charge(8_000);
    await other.ledger.charge(100);
    await vi.waitFor(() => expect(ids).toHaveLength(2), 5_000);
    await other[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    expect(events).toMatchObject([
      {
        type: 'budget.threshold',
        data: { budget: 'default', percent: 75, settled: 8_000, remaining: 2_000 },
      },
    ]);
    expect(ids).toEqual(Array(3).fill(ids[0]));
    for (const name of readdirSync(join(installation.home, 'logs'))) {
      expect(readFileSync(join(installation.home, 'logs', name), 'utf8')).not.toContain(secret.slice(6));
    }
  });

  it('tell of a handover, in the terminal too, without a word of the task', async () => {
    installation.claude.faults.at(0, { kind: 'overloaded' });
    const lines: string[] = [];
    const { createApp } = await import('../../src/app.ts');
    const all = { ...installation.environment, ...environment };
    await using app = await createApp({ environment: all, onNotice: (line) => lines.push(line) });
    await app.pipeline.executeTask('Refactor the session store to support two regions', 'claude-specialist');
    await app[Symbol.asyncDispose]();
    const handovers = events.filter(({ type }) => type === 'task.handover');
    expect(handovers).toMatchObject([{ data: { from: 'claude-specialist', to: 'ollama-specialist' } }]);
    expect(lines.filter((line) => line.startsWith('Handover from claude-specialist'))).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain('session store');
  });

  it('say that the secret is missing, and nothing else is in the way', async () => {
    const warnings: string[] = [];
    const { createApp } = await import('../../src/app.ts');
    const withoutSecret = { ...installation.environment, ...environment, TEELAMMA_WEBHOOK_SECRET: '' };
    await using app = await createApp({
      environment: withoutSecret,
      onWarning: (message) => warnings.push(message),
    });
    await app.ledger.charge(8_000);
    expect(warnings).toEqual([expect.stringContaining('set TEELAMMA_WEBHOOK_SECRET')]);
    expect(events).toEqual([]);
  });

  it('reach the desktop through no shell, and without our keys', async () => {
    const { path, shown } = fakeNotifySend();
    const hostile = `$(touch ${join(installation.home, 'pwned')}) \`id\` '; <b>"&`;
    const given = { PATH: path, ANTHROPIC_API_KEY: 'sk-test-not-a-key', DISPLAY: ':7' };
    expect(await showOnDesktop('--title', hostile, { platform: 'linux', environment: given })).toEqual({
      shown: true,
    });
    const escaped = hostile.replace('&', '&amp;').replace('<b>', '&lt;b&gt;');
    expect(shown()).toBe(`[--app-name=teelamma][--][--title][${escaped}]`);
    expect(existsSync(join(installation.home, 'pwned'))).toBe(false);
    const seen = readFileSync(join(installation.home, 'shown.env'), 'utf8');
    expect([seen.includes('DISPLAY=:7'), seen.includes('sk-test')]).toEqual([true, false]);
    for (const platform of ['linux', 'darwin', 'win32']) {
      expect(
        await showOnDesktop('a', 'b', { platform, environment: { PATH: installation.home } }),
      ).toMatchObject({ shown: false, isAvailable: false });
    }
  });

  it('stand on the terminal of a gateway that runs', async () => {
    const { child, printed, result } = startTeelamma(['serve', '--port', '0'], {
      ...(installation.environment as Record<string, string>),
      TEELAMMA_BUDGET: '100',
    });
    await vi.waitFor(() => expect(printed.stdout).toContain('ANTHROPIC_BASE_URL='), 20_000);
    const url = printed.stdout.trim().split('=')[1];
    await ask(url);
    await ask(url);
    child.kill('SIGTERM');
    const { stderr } = await result;
    expect(
      stderr.match(/teelamma serve: Handover from claude-specialist to ollama-specialist: /g),
    ).toHaveLength(1);
  });

  it('outlive the process that told of them, also one that is killed', async () => {
    failures = Number.POSITIVE_INFINITY;
    const all = { ...(installation.environment as Record<string, string>), ...environment };
    const { child, printed, result } = startTeelamma(['serve', '--port', '0'], {
      ...all,
      TEELAMMA_BUDGET: '100',
    });
    await vi.waitFor(() => expect(printed.stdout).toContain('ANTHROPIC_BASE_URL='), 20_000);
    const url = printed.stdout.trim().split('=')[1];
    await ask(url);
    const folder = join(installation.home, 'state', 'outbox');
    // Between two attempts: what was being tried is left alone for a while.
    const soon = () => new Outbox({ folder }).list().map(({ dueMs }) => dueMs < Date.now() + 5_000);
    await vi.waitFor(() => expect(soon()).toEqual([true]), 5_000);
    child.kill('SIGKILL');
    await result;
    const listed = await teelamma(['notify'], all);
    expect(listed.stdout).toContain('(set); not taken yet: 1 message\n');
    failures = 0;
    await using app = await installation.open(environment);
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'task.handover' }]), 10_000);
    await app[Symbol.asyncDispose]();
    expect(new Set(ids).size).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are tried out by `teelamma notify --test`', async () => {
    const { path, shown } = fakeNotifySend(1);
    writeFileSync(
      join(installation.home, 'config.json'),
      JSON.stringify({ notifications: { desktop: true, webhookSecretEnv: 'HOOK_SECRET' } }),
    );
    const { TEELAMMA_WEBHOOK_URL = '' } = environment;
    const given = { TEELAMMA_HOME: installation.home, PATH: path, TEELAMMA_WEBHOOK_URL };
    const first = await teelamma(['notify', '--test', '--json'], { ...given, HOOK_SECRET: secret });
    expect(first.code).toBe(1);
    expect(JSON.parse(first.stdout)).toEqual({
      tested: true,
      channels: [
        { channel: 'terminal', on: true, detail: 'shown on stderr', ok: true },
        { channel: 'desktop', on: true, detail: 'notify-send: refused', ok: false },
        { channel: 'webhook', on: true, detail: 'taken with status 200', ok: true },
      ],
    });
    expect(shown()).toContain('This is a test');
    expect(events).toMatchObject([{ type: 'test' }]);

    const listed = await teelamma(['notify'], { ...given, HOOK_SECRET: secret });
    expect([listed.code, listed.stdout.includes(secret.slice(6))]).toEqual([0, false]);
    expect(listed.stdout).toMatch(
      /^on {2}terminal.*\non {2}desktop.*\non {2}webhook .*HOOK_SECRET \(set\)\n$/,
    );
  });
});
