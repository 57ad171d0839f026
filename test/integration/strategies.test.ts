import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetaCoordinator } from '../../src/agents/MetaCoordinator.ts';
import { type App, Router, type Strategy } from '../../src/index.ts';
import { type Installation, startInstallation } from '../support/installation.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const simpleTask = 'What is 2+2?';
const broken = 'Here it is:\n\n```ts\nfunction add(a: number, b: number { return a + b }\n```\n';
const whole = 'Here it is:\n\n```ts\nfunction add(a: number, b: number) { return a + b }\n```\n';

let installation: Installation;
let app: App;
beforeEach(async () => {
  installation = await startInstallation();
  app = await installation.open();
});
afterEach(() => installation[Symbol.asyncDispose]());

const execute = (task: string, strategy?: Strategy) =>
  app.pipeline.executeTask(task, undefined, strategy && { strategy });
const work = (result: Awaited<ReturnType<typeof execute>>) =>
  result.turns.map(({ agent, purpose }) => `${agent} ${purpose}`);

describe('local-first', () => {
  it('has Ollama begin a complex task, and spends no Claude token where the critic approves', async () => {
    const result = await execute(complexTask, 'local-first');
    expect(result).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0 });
    expect(result.decision).toMatchObject({ cause: 'local-first', strategy: 'local-first', propensity: 1 });
    expect(result.decision.reason).toMatch(
      /^Local first, as the strategy says \(complex task, score 0\.\d\d\)/,
    );
    expect(result.reviews).toEqual([
      { agent: 'ollama-specialist', model: 'qwen3:8b', purpose: 'answer', outcome: 'approved', issues: [] },
    ]);
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('has Claude mend what the critic does not approve, with the issues in hand', async () => {
    installation.ollama.script.push({ text: broken }, { text: broken });
    installation.claude.script.push({ text: whole });
    const result = await execute(complexTask, 'local-first');
    expect(work(result)).toEqual([
      'ollama-specialist answer',
      'ollama-specialist repair',
      'claude-specialist escalation',
    ]);
    expect(result).toMatchObject({ agent: 'claude-specialist', verdict: { outcome: 'approved' } });
    expect(result.reviews.map(({ agent, outcome }) => [agent, outcome])).toEqual([
      ['ollama-specialist', 'needs-repair'],
      ['ollama-specialist', 'needs-repair'],
      ['claude-specialist', 'approved'],
    ]);
    const { messages } = (installation.claude.requests[0]?.body ?? {}) as {
      messages: Array<{ content: string }>;
    };
    expect(messages[1]?.content).toContain('function add(a: number, b: number {');
    expect(messages[2]?.content).toContain('does not parse');
    expect(result.chargedTokens).toBe(app.ledger.snapshot()[0]?.settledTokens);
  });

  it('keeps what a Router can learn from with the task in the ledger', async () => {
    installation.ollama.script.push({ text: broken });
    const { taskId } = await execute(complexTask, 'local-first');
    const record = await app.ledger.task(taskId);
    expect(record).toMatchObject({
      strategy: 'local-first',
      decision: { cause: 'local-first', propensity: 1 },
      reviews: [
        {
          agent: 'ollama-specialist',
          purpose: 'answer',
          outcome: 'needs-repair',
          issues: [
            { code: 'syntax-error', severity: 'error', message: expect.stringContaining('does not parse') },
          ],
        },
        { agent: 'ollama-specialist', purpose: 'repair', outcome: 'approved', issues: [] },
      ],
    });
    expect(record?.complexity.signals.length).toBeGreaterThan(0);
  });

  it('keeps the answer, and says why, where the budget has no room to mend it', async () => {
    await app.budget.increment(10_000);
    installation.ollama.script.push({ text: broken }, { text: broken });
    const result = await execute(complexTask, 'local-first');
    expect(result).toMatchObject({ agent: 'ollama-specialist', output: broken });
    expect(result.decision.cause).toBe('local-first');
    expect(result.warnings).toEqual([expect.stringContaining('Token budget exhausted')]);
    expect(installation.claude.requests).toHaveLength(0);
  });
});

describe('claude-first', () => {
  it('gives a simple task to Claude while the budget lasts, and to Ollama afterwards', async () => {
    const first = await execute(simpleTask, 'claude-first');
    expect(first).toMatchObject({ agent: 'claude-specialist', decision: { cause: 'claude-first' } });
    expect(first.decision.reason).toMatch(/^Claude first, as the strategy says \(simple task/);
    await app.budget.increment(10_000);
    const second = await execute(simpleTask, 'claude-first');
    expect(second).toMatchObject({ agent: 'ollama-specialist', decision: { cause: 'budget-exhausted' } });
    expect(second.decision.reason).toBe('Token budget exhausted - automatic downgrade to Ollama');
  });
});

describe('the configured strategy', () => {
  it('holds for tasks that name none, and a task may name another', async () => {
    writeFileSync(join(installation.home, 'config.json'), '{"router": {"strategy": "local-first"}}');
    app = await installation.open();
    expect((await execute(complexTask)).agent).toBe('ollama-specialist');
    expect((await execute(complexTask, 'budget-first')).decision.cause).toBe('complex');
    expect((await app.coordinator.preview(complexTask)).cause).toBe('local-first');
  });

  it('gives way to a forced specialist', async () => {
    const result = await app.pipeline.executeTask(simpleTask, 'claude-specialist', {
      strategy: 'local-first',
    });
    expect(result).toMatchObject({
      agent: 'claude-specialist',
      decision: { cause: 'forced', propensity: 1 },
    });
  });
});

describe('exploration', () => {
  const coordinator = (exploration: number, drawn: number, strategy: Strategy = 'local-first') => {
    const sleep = async () => undefined;
    const newId = () => crypto.randomUUID();
    const ports = { ledger: app.ledger, router: new Router(), newId, sleep, random: () => drawn };
    return new MetaCoordinator({ strategy, exploration }, ports);
  };

  it('sends a share of tasks the other way, and records how likely that was', async () => {
    const explored = await coordinator(0.05, 0.049).admit(simpleTask);
    expect(explored.decision).toMatchObject({
      targetAgent: 'claude-specialist',
      cause: 'explored',
      propensity: 0.05,
      reason: expect.stringMatching(/^Chosen by chance, as 5 % of tasks are \(simple task/),
    });
    expect(explored.reservation).not.toBeNull();
    const usual = await coordinator(0.05, 0.05).admit(simpleTask);
    expect(usual.decision).toMatchObject({ cause: 'local-first', propensity: 0.95 });
    const other = await coordinator(0.05, 0, 'budget-first').admit(complexTask);
    expect(other.decision).toMatchObject({ targetAgent: 'ollama-specialist', cause: 'explored' });
  });

  it('leaves nothing to chance where the budget leaves no choice, where it is forced, or only previewed', async () => {
    const always = coordinator(0.5, 0);
    expect((await always.admit(simpleTask, { forceAgent: 'ollama-specialist' })).decision.propensity).toBe(1);
    expect((await always.preview(simpleTask)).targetAgent).toBe('ollama-specialist');
    await app.budget.increment(9_900);
    expect((await always.admit(complexTask)).decision).toMatchObject({
      targetAgent: 'ollama-specialist',
      cause: 'local-first',
      propensity: 1,
    });
  });

  it('draws from the configured share', async () => {
    writeFileSync(join(installation.home, 'config.json'), '{"router": {"exploration": "50%"}}');
    app = await installation.open();
    const causes = new Set<string>();
    // A fair coin that shows one side 60 times has not been thrown.
    for (let index = 0; index < 60 && causes.size < 2; index += 1) {
      const { decision, reservation } = await app.coordinator.admit(complexTask);
      causes.add(decision.cause);
      expect(decision.propensity).toBe(0.5);
      if (reservation) await app.ledger.close(reservation.id, { isWholeTask: false });
    }
    expect([...causes].sort()).toEqual(['complex', 'explored']);
  });
});
