import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type App, createApp, type RoutingDecision } from '../../src/index.ts';
import { temporaryHome } from '../support/temporary-home.ts';

const complexTask =
  'Design and implement a distributed rate limiter with Redis, including tests and failure handling';
const simpleTask = 'What is 2+2?';
const exhausted = { used: 10_000, remaining: 0, exhausted: true };

describe('the seed scenario, through the public API', () => {
  let folder: ReturnType<typeof temporaryHome>;
  let app: App;
  const open = () => createApp({ environment: { TEELAMMA_HOME: folder.home } });

  beforeEach(async () => {
    folder = temporaryHome();
    app = await open();
  });

  afterEach(async () => {
    await app[Symbol.asyncDispose]();
    folder.remove();
  });

  const routeComplex = async (count: number) => {
    const decisions: RoutingDecision[] = [];
    for (let index = 0; index < count; index += 1) decisions.push(await app.coordinator.route(complexTask));
    return decisions;
  };

  it('gives Claude ten complex tasks from a fresh budget, and Ollama the eleventh', async () => {
    const decisions = await routeComplex(11);
    expect(decisions.map((decision) => decision.targetAgent)).toEqual([
      ...Array(10).fill('claude-specialist'),
      'ollama-specialist',
    ]);
    expect(decisions.map((decision) => decision.estimatedTokens)).toEqual(Array(11).fill(1_000));
    expect(decisions[0]?.tokenBudgetStatus).toEqual({ used: 1_000, remaining: 9_000, exhausted: false });
    expect(decisions[9]?.tokenBudgetStatus).toEqual(exhausted);
    expect(decisions[10]).toMatchObject({
      reason: 'Token budget exhausted - automatic downgrade to Ollama',
      tokenBudgetStatus: exhausted,
    });
  });

  it('gives Ollama a simple task while there is budget, at an estimate of 200, and charges nothing', async () => {
    const decision = await app.coordinator.route(simpleTask);
    expect(decision).toMatchObject({ targetAgent: 'ollama-specialist', estimatedTokens: 200, forced: false });
    expect(decision.reason).toContain('Simple task');
    expect(app.budget.getRemaining()).toBe(10_000);
  });

  it('lets a user force either agent, and warns where Claude is forced on an exhausted budget', async () => {
    expect(await app.coordinator.route(complexTask, 'ollama-specialist')).toMatchObject({
      targetAgent: 'ollama-specialist',
      reason: 'Ollama was forced by the user',
    });
    const within = await app.coordinator.route(simpleTask, 'claude-specialist');
    expect(within).toMatchObject({
      targetAgent: 'claude-specialist',
      reason: 'Claude was forced by the user',
    });
    expect(within.warning).toBeUndefined();

    await app.budget.increment(9_800);
    const forced = await app.coordinator.route(complexTask, 'claude-specialist');
    expect(forced).toMatchObject({
      targetAgent: 'claude-specialist',
      warning:
        'Token budget exhausted - Claude was forced, and what it uses above the limit is recorded as overdraft',
      tokenBudgetStatus: { used: 11_000, remaining: 0, exhausted: true },
    });
    expect((await app.ledger.status())[0]?.overdraftTokens).toBe(1_000);
  });

  it('forbids forcing past the limit where the configuration says so', async () => {
    await app[Symbol.asyncDispose]();
    app = await createApp({ environment: { TEELAMMA_HOME: folder.home, TEELAMMA_ALLOW_FORCED: 'false' } });
    await routeComplex(10);
    await expect(app.coordinator.route(complexTask, 'claude-specialist')).rejects.toMatchObject({
      code: 'forced-not-allowed',
      message: expect.stringContaining('0 are left, and budget.allowForced is false'),
    });
    expect((await app.ledger.status())[0]).toMatchObject({ settledTokens: 10_000, overdraftTokens: 0 });
  });

  it('keeps a decision that nobody settled charged at its estimate, also after its process has ended', async () => {
    await routeComplex(3);
    await app[Symbol.asyncDispose]();
    app = await open();
    await app.ledger.recover();
    expect(app.budget.getRemaining()).toBe(7_000);
    const mirror = JSON.parse(readFileSync(join(folder.home, 'state', 'token_budget.json'), 'utf8'));
    expect(mirror).toEqual({ used: 3_000, resetTime: expect.any(Number), dailyLimit: 10_000 });
  });

  it('replaces the estimate by the real usage, once', async () => {
    const [decision] = await routeComplex(1);
    if (!decision) throw new Error('no decision');
    const usage = {
      inputTokens: 100,
      cacheCreationInputTokens: 20,
      cacheReadInputTokens: 30,
      outputTokens: 50,
    };
    expect(await app.coordinator.settle(decision, usage)).toMatchObject({
      changed: true,
      chargedTokens: 200,
    });
    expect(app.budget.getRemaining()).toBe(9_800);
    expect(await app.coordinator.settle(decision, { ...usage, outputTokens: 9_000 })).toMatchObject({
      changed: false,
    });
    expect(app.budget.getRemaining()).toBe(9_800);
  });

  it('previews the same decisions and spends nothing', async () => {
    expect(await app.coordinator.preview(complexTask)).toMatchObject({ targetAgent: 'claude-specialist' });
    expect(app.budget.getRemaining()).toBe(10_000);
    await routeComplex(10);
    expect(await app.coordinator.preview(complexTask)).toMatchObject({
      targetAgent: 'ollama-specialist',
      reason: 'Token budget exhausted - automatic downgrade to Ollama',
    });
  });
});

describe('the seed scenario, in two processes at once', () => {
  it('gives Claude ten complex tasks altogether, however they are spread', async () => {
    const folder = temporaryHome();
    try {
      const outputs = await Promise.all([routeInChild(folder.home), routeInChild(folder.home)]);
      const decisions = outputs.flat();
      expect(decisions).toHaveLength(22);
      expect(decisions.filter((decision) => decision.targetAgent === 'claude-specialist')).toHaveLength(10);
      const refused = decisions.filter((decision) => decision.targetAgent === 'ollama-specialist');
      expect(new Set(refused.map((decision) => decision.reason))).toEqual(
        new Set(['Token budget exhausted - automatic downgrade to Ollama']),
      );
      expect(refused.map((decision) => decision.tokenBudgetStatus)).toEqual(Array(12).fill(exhausted));
    } finally {
      folder.remove();
    }
  });
});

const childProgram = `
  import { createApp } from ${JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))};
  const app = await createApp();
  const decisions = [];
  for (let index = 0; index < 11; index += 1) decisions.push(await app.coordinator.route(${JSON.stringify(complexTask)}));
  await app[Symbol.asyncDispose]();
  process.stdout.write(JSON.stringify(decisions));
`;

async function routeInChild(home: string): Promise<RoutingDecision[]> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', childProgram], {
    env: { PATH: process.env['PATH'], TEELAMMA_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return JSON.parse(Buffer.concat(chunks).toString());
}
