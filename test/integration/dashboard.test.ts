import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  BurnDownDocument,
  DebtsDocument,
  DecisionsDocument,
  FacetsDocument,
  OverviewDocument,
  SavingsDocument,
  TaskDocument,
  UsageDocument,
} from '../../src/dashboard/api/api-types.ts';
import type { GatewayPorts } from '../../src/gateway/app.ts';
import type { GatewayKey } from '../../src/gateway/keys/gateway-key.ts';
import { eventually } from '../support/eventually.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { startTestDashboard, type TestDashboard } from '../support/start-dashboard.ts';
import { startTestGateway } from '../support/start-gateway.ts';
import { startTeelamma, teelamma } from '../support/teelamma.ts';

const complexTask =
  'Refactor the session store so that several workers can share it without losing updates, and add tests for the race conditions.';

const cleanups: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of cleanups.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function start(
  environment: Record<string, string> = {},
  prepare: (installation: Installation) => void = () => undefined,
): Promise<{ installation: Installation; dashboard: TestDashboard }> {
  const installation = await startInstallation();
  cleanups.push(installation);
  prepare(installation);
  const dashboard = await startTestDashboard({ ...installation.environment, ...environment });
  cleanups.push(dashboard);
  return { installation, dashboard };
}

describe('the API of the dashboard', () => {
  it('shows what a day of work left: budgets, usage, decisions, savings, debt, each task with its calls', async () => {
    const { dashboard } = await start({ TEELAMMA_BUDGET: '4000', TEELAMMA_PROJECT: 'web' });
    const { pipeline } = dashboard.app;
    const done = await pipeline.executeTask(complexTask);
    // The budget does not do for a forced share of it any more.
    const owed = await pipeline.executeTask(`${complexTask} Once more, with leases. [[sim:tokens=100]]`);
    const simple = await pipeline.executeTask('What does HTTP status 409 mean?');
    expect([done.agent, owed.agent, simple.agent]).toContain('ollama-specialist');

    const overview = (await dashboard.ask('overview')).body as OverviewDocument;
    const [budget] = overview.budgets;
    expect(budget).toMatchObject({
      id: 'default',
      limit: 4_000,
      held: 0,
      mayChangeLimit: true,
      windowText: '24h',
    });
    expect((budget?.settled ?? 0) + (budget?.remaining ?? 0)).toBe(4_000);

    const burn = (await dashboard.ask('burn-down?budget=default')).body as BurnDownDocument;
    expect(burn.points[0]?.[1]).toBe(4_000);
    expect(burn.points.at(-1)?.[1]).toBe(budget?.remaining);

    const usage = (await dashboard.ask('usage?period=24h&by=project&zone=Europe/Zurich'))
      .body as UsageDocument;
    expect(usage).toMatchObject({ resolution: 'hour', groups: [{ key: 'web' }] });
    expect(usage.total.chargedTokens).toBe(budget?.settled);
    expect(usage.series[0]?.tokens.reduce((sum, one) => sum + one, 0)).toBe(usage.total.tokens);
    expect(usage.startsMs).toHaveLength(25);

    const savings = (await dashboard.ask('savings?period=7d')).body as SavingsDocument;
    expect(savings).toMatchObject({ pricedAs: 'claude-sonnet-5-5', models: [{ model: 'qwen3:8b' }] });
    const { inputTokens, outputTokens, savedUsd } = savings.total;
    expect(savedUsd).toBeCloseTo((inputTokens * 2 + outputTokens * 10) / 1e6, 5);

    const { decisions, next } = (await dashboard.ask('decisions')).body as DecisionsDocument;
    expect(decisions.map(({ id }) => id)).toEqual(
      [simple, owed, done].map(({ decision }) => decision.taskId),
    );
    expect(next).toBeNull();
    const ofClaude = decisions.find(({ id }) => id === done.decision.taskId);
    expect(ofClaude).toMatchObject({
      agent: 'claude-specialist',
      usedTokens: done.chargedTokens,
      outcome: 'approved',
      project: 'web',
      estimatedTokens: done.decision.estimatedTokens,
    });
    expect(decisions[0]?.usedTokens).toBeGreaterThan(0);

    const { task, turns } = (await dashboard.ask(`tasks/${done.decision.taskId}`)).body as TaskDocument;
    expect(task).toMatchObject({ outcome: 'approved', decision: { reason: done.decision.reason } });
    expect(turns).toHaveLength(done.turns.length);
    expect(turns[0]).toMatchObject({ state: 'settled', heldTokens: done.turns[0]?.heldTokens });
    expect(turns.reduce((sum, { chargedTokens }) => sum + chargedTokens, 0)).toBe(done.chargedTokens);

    const facets = (await dashboard.ask('facets')).body as FacetsDocument;
    expect(facets.models).toEqual(['claude-sonnet-5-5', 'qwen3:8b']);
    expect(facets.projects).toEqual(['web']);
  });

  it('shows what the critic found in each answer of a task, also where the one that was given has none of it', async () => {
    const { dashboard } = await start();
    const done = await dashboard.app.pipeline.executeTask(`${complexTask} [[sim:broken-code]]`);
    expect(done.verdict).toEqual({ outcome: 'approved', issues: [] });
    const { task } = (await dashboard.ask(`tasks/${done.decision.taskId}`)).body as TaskDocument;
    expect(task.issues).toEqual([]);
    const [first, second] = task.reviews;
    expect(first).toMatchObject({ purpose: 'answer', outcome: 'needs-repair' });
    expect(first?.issues[0]).toMatchObject({ code: 'syntax-error', severity: 'error', line: 7 });
    expect(second).toMatchObject({ purpose: 'repair', outcome: 'approved', issues: [] });
  });

  it('lists the review debt without the answer, and counts it', async () => {
    const { dashboard } = await start({ TEELAMMA_BUDGET: '500' });
    const { decision } = await dashboard.app.pipeline.executeTask(complexTask);
    expect(decision.targetAgent).toBe('ollama-specialist');
    const { debts } = await eventually(async () => {
      const { body } = await dashboard.ask('debts');
      expect((body as DebtsDocument).debts).toHaveLength(1);
      return body as DebtsDocument;
    });
    expect(debts[0]).toMatchObject({ taskId: decision.taskId, review: null, verdict: 'approved' });
    expect(debts[0]).not.toHaveProperty('answer');
    expect((await dashboard.ask('overview')).body).toMatchObject({ debt: { count: 1, unreviewed: 1 } });
  });

  it('pages through decisions, filters them, and searches for a model', async () => {
    const { dashboard } = await start();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { decision } = await dashboard.app.pipeline.executeTask(
        n % 2 === 0 ? `${complexTask} ${n}` : `What is ${n} + ${n}?`,
      );
      ids.unshift(decision.taskId);
    }
    const seen: string[] = [];
    for (let before = ''; ; ) {
      const { body } = await dashboard.ask(`decisions?limit=2${before}`);
      const { decisions, next } = body as DecisionsDocument;
      seen.push(...decisions.map(({ id }) => id));
      if (next === null) break;
      before = `&before=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(ids);
    const count = async (query: string) =>
      ((await dashboard.ask(`decisions?${query}`)).body as DecisionsDocument).decisions.length;
    expect(await count('agent=ollama-specialist')).toBe(2);
    expect(await count('model=claude-sonnet-5-5')).toBe(3);
    expect(await count('model=claude-opus-5')).toBe(0);
    expect(await count('kind=simple&outcome=approved')).toBe(2);
    expect(await count('project=elsewhere')).toBe(0);
  });

  it('has the decisions of a gateway, whichever process it is of', async () => {
    const gateway = await startTestGateway();
    cleanups.push(gateway);
    const dashboard = await startTestDashboard(gateway.installation.environment);
    cleanups.push(dashboard);
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'claude-sonnet-5-5',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
    expect(response.status).toBe(200);
    const [decision] = await eventually(async () => {
      const { decisions } = (await dashboard.ask('decisions')).body as DecisionsDocument;
      expect(decisions).toHaveLength(1);
      return decisions;
    });
    expect(decision).toMatchObject({
      source: 'request',
      agent: 'claude-specialist',
      model: 'claude-sonnet-5-5',
      outcome: 'answered',
      reason: expect.stringContaining('budget'),
    });
    expect(decision?.usedTokens).toBeGreaterThan(0);
  });

  it.each([
    ['usage?zone=Nowhere', 400],
    ['usage?colour=red', 400],
    ['decisions?before=x', 400],
    ['burn-down?budget=none', 404],
    ['tasks/none', 404],
    ['tasks/%E0%A4%A', 404],
    ['nothing', 404],
    ['__proto__', 404],
  ])('says what is wrong with %s', async (path, status) => {
    const { dashboard } = await start();
    const answer = await dashboard.ask(path);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { message: expect.any(String) } });
  });
});

describe('changes from the dashboard', () => {
  it('sets the limit as `budget set` does, for everything that runs', async () => {
    const { installation, dashboard } = await start();
    const answer = await dashboard.change('limit', { limit: '2M', window: '5h' });
    expect(answer).toEqual({
      status: 200,
      body: { limitText: '2,000,000 tokens', windowText: '5h', notes: [] },
    });
    const config = JSON.parse(readFileSync(join(installation.home, 'config.json'), 'utf8')) as unknown;
    expect(config).toEqual({ budget: { limit: 2_000_000, window: '5h' } });
    expect((await dashboard.ask('overview')).body).toMatchObject({
      budgets: [{ limit: 2_000_000, windowText: '5h' }],
    });
  });

  it('says that the environment is stronger, and what a small limit means', async () => {
    const { dashboard } = await start({ TEELAMMA_BUDGET: '9000' });
    const { body } = await dashboard.change('limit', { limit: '500' });
    expect(body).toMatchObject({
      notes: [
        expect.stringContaining('TEELAMMA_BUDGET=9000'),
        expect.stringContaining('nearly every task will go to Ollama'),
      ],
    });
  });

  it('resets one budget alone', async () => {
    const { dashboard } = await start({}, ({ home }) => {
      const budgets = [{ name: 'week', limit: '1M', window: '7d' }];
      writeFileSync(join(home, 'config.json'), JSON.stringify({ budgets }));
    });
    await dashboard.app.pipeline.executeTask(complexTask);
    expect(await dashboard.change('reset', { budget: 'default' })).toEqual({
      status: 200,
      body: { reset: true },
    });
    const { budgets } = (await dashboard.ask('overview')).body as OverviewDocument;
    expect(budgets.map(({ name, settled }) => [name, settled > 0])).toEqual([
      ['default', false],
      ['week', true],
    ]);
  });

  it.each([
    ['limit', { limit: 'much' }, 400, 'invalid-config'],
    ['limit', { limit: '0' }, 400, 'invalid-config'],
    ['limit', { limit: '20k', window: 'soon' }, 400, 'invalid-config'],
    ['limit', { limit: 20_000 }, 400, 'invalid-body'],
    ['limit', { limit: '20k', more: 1 }, 400, 'invalid-body'],
    ['limit', '{not json', 400, 'invalid-body'],
    ['limit', { limit: 'x'.repeat(20_000) }, 400, 'invalid-body'],
    ['reset', { budget: 'none' }, 404, 'not-found'],
    ['reset', {}, 400, 'invalid-body'],
  ])('refuses %s %j', async (path, body, status, code) => {
    const { dashboard } = await start();
    const answer = await dashboard.change(path, body);
    expect(answer).toMatchObject({ status, body: { error: { code } } });
    expect(dashboard.app.ledger.snapshot()[0]?.limitTokens).toBe(10_000);
  });

  it('changes nothing without the token of this start, from another origin, or under another name', async () => {
    const { dashboard } = await start();
    const limit = { limit: '1M' };
    for (const headers of [
      { 'x-teelamma-token': '' },
      { 'x-teelamma-token': 'guessed' },
      { origin: 'http://127.0.0.1:1' },
      { 'content-type': 'text/plain' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const { status } = await dashboard.change('limit', limit, headers as Record<string, string>);
      expect([403, 415]).toContain(status);
    }
    expect(await statusUnderName(dashboard.url, 'evil.example')).toBe(421);
    expect(await dashboard.ask('limit')).toMatchObject({ status: 405 });
    expect(dashboard.app.ledger.snapshot()[0]?.limitTokens).toBe(10_000);
  });
});

describe('the page of the dashboard', () => {
  it('is served with a policy that runs nothing but its own files', async () => {
    const { dashboard } = await start();
    const response = await fetch(dashboard.url, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('cache-control')).toBe('no-store');
    for (const name of ['app.js', 'app.css', 'theme.js', 'icon.svg']) {
      expect((await fetch(`${dashboard.url}/dashboard/assets/${name}`)).status).toBe(200);
    }
    for (const name of ['index.html', 'none.js', '..%2f..%2fpackage.json', '%2e%2e/index.js']) {
      expect((await fetch(`${dashboard.url}/dashboard/assets/${name}`)).status).not.toBe(500);
    }
    expect((await fetch(`${dashboard.url}/dashboard/assets/index.html`)).status).toBe(404);
    expect((await fetch(`${dashboard.url}/elsewhere`)).status).toBe(404);
  });

  it('is at / of the gateway for browsers, as long as the gateway has no keys', async () => {
    const keys: GatewayKey[] = [];
    const page: GatewayPorts['page'] = async (_request, response) => {
      response.end('the page');
      return true;
    };
    const gateway = await startTestGateway({ ports: { page, keys: () => keys } });
    cleanups.push(gateway);
    const html = { headers: { accept: 'text/html,*/*' } };
    expect(await (await fetch(gateway.url, html)).text()).toBe('the page');
    const foreign = { headers: { ...html.headers, origin: 'https://evil.example' } };
    expect((await fetch(gateway.url, foreign)).status).toBe(403);
    keys.push({ id: '1', name: 'a', hash: 'f'.repeat(64), user: null, project: null, createdAtMs: 1 });
    const refused = await fetch(`${gateway.url}/dashboard`, html);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('teelamma dashboard');
    expect((await fetch(gateway.url, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('the command', () => {
  it('prints its address, serves until it is told to end, and says which port is taken', async () => {
    const { installation, dashboard } = await start();
    const environment = Object.fromEntries(
      Object.entries(installation.environment).map(([name, value]) => [name, value ?? '']),
    );
    const running = startTeelamma(['dashboard', '--port', '0', '--json'], environment);
    const { url } = await eventually(() => JSON.parse(running.printed.stdout) as { url: string });
    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(200);
    running.child.kill('SIGTERM');
    expect((await running.result).code).toBe(0);

    const taken = await teelamma(['dashboard', '--port', new URL(dashboard.url).port], environment);
    expect(taken.code).not.toBe(0);
    expect(taken.stderr).toMatch(/^teelamma: .*port is already in use\. Choose another with --port.*\n$/i);
    const wrong = await teelamma(['dashboard', '--port', 'many'], environment);
    expect(wrong.code).toBe(2);
  });
});

/** `fetch` sets its own Host. */
function statusUnderName(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/dashboard/api/overview`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject);
    asked.end();
  });
}
