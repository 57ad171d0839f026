import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App, TaskEvent } from '../../src/index.ts';
import { type Installation, startInstallation } from '../support/installation.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const broken = 'Here it is:\n\n```ts\nfunction add(a: number, b: number { return a + b }\n```\n';
const whole = 'Here it is:\n\n```ts\nfunction add(a: number, b: number) { return a + b }\n```\n';

describe('executeTask', () => {
  let installation: Installation;
  let app: App;
  let events: TaskEvent[];

  beforeEach(async () => {
    installation = await startInstallation();
    app = await installation.open();
    events = [];
  });

  afterEach(() => installation[Symbol.asyncDispose]());

  const execute = (task = complexTask, force?: 'claude-specialist' | 'ollama-specialist', from = app) =>
    from.pipeline.executeTask(task, force, { onEvent: (event) => events.push(event) });
  const kinds = () => events.map((event) => event.type).filter((type) => type !== 'text');

  it('gives a complex task to Claude, and tells its story in order', async () => {
    const result = await execute();
    expect(result).toMatchObject({
      agent: 'claude-specialist',
      verdict: { outcome: 'approved' },
      estimatedTokens: 1_000,
      chargedTokens: installation.claude.chargedTokens,
      handovers: [],
    });
    expect(result.output).toContain('[simulated claude-sonnet-5-5]');
    expect(kinds()).toEqual(['decision', 'turn-started', 'turn-settled', 'verdict']);
    const streamed = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
    expect(streamed).toBe(result.output);
    const afterwards = { heldTokens: 0, settledTokens: result.chargedTokens };
    expect(result.budgets).toEqual([expect.objectContaining(afterwards)]);
    expect(app.ledger.snapshot()[0]).toMatchObject(afterwards);
  });

  it('fits every budget that matches the task, and says of each turn what it was for', async () => {
    const budgets = [
      { name: 'complex', limit: 900, window: '5h', match: { complexity: 'complex', door: 'library' } },
      { name: 'elsewhere', limit: 1, window: '5h', match: { project: 'web' } },
    ];
    writeFileSync(join(installation.home, 'config.json'), JSON.stringify({ budgets }));
    const limited = await installation.open({ TEELAMMA_PROJECT: 'shop' });
    const result = await execute(undefined, undefined, limited);
    expect(result.agent).toBe('ollama-specialist');
    expect(result.decision.tokenBudgetStatus).toMatchObject({ remaining: 900, exhausted: false });
    expect(installation.claude.requests).toHaveLength(0);
    const scope = { complexity: 'complex', door: 'library', project: 'shop' };
    expect((await limited.ledger.history({}))[0]?.scope).toMatchObject(scope);

    const elsewhere = await installation.open({
      TEELAMMA_PROJECT: 'shop',
      TEELAMMA_CLAUDE_MODEL: 'claude-opus-5',
    });
    writeFileSync(join(installation.home, 'config.json'), JSON.stringify({ budgets: [budgets[1]] }));
    expect((await execute(undefined, undefined, elsewhere)).agent).toBe('claude-specialist');
    const model = 'claude-opus-5';
    expect((await limited.ledger.history({}))[0]?.scope).toMatchObject({ ...scope, model });
  });

  it('keeps a record of the task: decision, signals, verdict and what it cost, and none of its words', async () => {
    installation.claude.script.push({ text: broken }, { text: broken });
    const result = await execute();
    const record = await app.ledger.task(result.taskId);
    expect(record).toMatchObject({
      kind: 'complex',
      strategy: 'budget-first',
      scope: { complexity: 'complex', door: 'library' },
      decision: { targetAgent: 'claude-specialist', cause: 'complex', estimatedTokens: 1_000, forced: false },
      agent: result.agent,
      model: result.model,
      outcome: result.verdict.outcome,
      chargedTokens: result.chargedTokens,
      turns: result.turns.length,
      prompt: { length: complexTask.length },
    });
    expect(record?.complexity.signals.map(({ name }) => name)).toContain('intercept');
    expect(record?.endedAtMs).toBeGreaterThanOrEqual(record?.startedAtMs ?? Number.NaN);
    expect(JSON.stringify(record)).not.toContain('OAuth2');
  });

  it('records why a task went to Ollama, that it failed or was stopped, and its first line where that is wanted', async () => {
    await app.ledger.charge(10_000);
    const exhausted = await execute();
    const record = await app.ledger.task(exhausted.taskId);
    expect(record?.decision).toMatchObject({ targetAgent: 'ollama-specialist', cause: 'budget-exhausted' });

    installation.ollama.faults.next({ kind: 'disconnect', afterEvents: 0 });
    const full = await installation.open({ TEELAMMA_LOG_PROMPTS: 'full' });
    await expect(
      execute('What is 2+2?\nsk-ant-api03-abcdefgh', 'ollama-specialist', full),
    ).rejects.toMatchObject({ code: 'no-specialist-available' });
    const stop = AbortSignal.abort(new Error('by the user'));
    await expect(app.pipeline.executeTask(complexTask, undefined, { signal: stop })).rejects.toThrow();
    const [aborted, failed] = await app.ledger.tasks({ limit: 2 });
    expect(aborted).toMatchObject({ outcome: 'aborted', agent: null, turns: 0 });
    expect(failed).toMatchObject({
      outcome: 'failed',
      decision: { cause: 'forced' },
      prompt: { title: 'What is 2+2?' },
    });
  });

  it('gives a simple task to Ollama, and charges nothing', async () => {
    const result = await execute('What is 2+2?');
    expect(result).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0, estimatedTokens: 200 });
    const [turn] = await app.ledger.history({});
    expect(turn).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0 });
    expect(turn?.usage?.outputTokens).toBeGreaterThan(0);
  });

  it('has the same specialist repair its answer, with the issues fed back', async () => {
    installation.claude.script.push({ text: broken }, { text: whole });
    const result = await execute();
    expect(result).toMatchObject({
      agent: 'claude-specialist',
      verdict: { outcome: 'approved' },
      output: whole,
    });
    expect(result.turns.map((turn) => turn.purpose)).toEqual(['answer', 'repair']);
    const repair = installation.claude.requests[1]?.body as {
      messages: Array<{ role: string; content: string }>;
    };
    expect(repair.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
    expect(repair.messages[2]?.content).toContain('does not parse');
    expect(result.chargedTokens).toBe(installation.claude.chargedTokens);
  });

  it('escalates to the other specialist when the repair failed too', async () => {
    installation.claude.script.push({ text: broken }, { text: broken });
    installation.ollama.script.push({ text: whole });
    const result = await execute();
    expect(result).toMatchObject({ agent: 'ollama-specialist', verdict: { outcome: 'approved' } });
    expect(result.turns.map((turn) => [turn.agent, turn.purpose])).toEqual([
      ['claude-specialist', 'answer'],
      ['claude-specialist', 'repair'],
      ['ollama-specialist', 'escalation'],
    ]);
  });

  it('escalates a simple task from Ollama to Claude while the budget lasts', async () => {
    installation.ollama.script.push({ text: broken }, { text: broken });
    installation.claude.script.push({ text: whole });
    const result = await execute('What is 2+2?');
    expect(result).toMatchObject({ agent: 'claude-specialist', verdict: { outcome: 'approved' } });
    expect(result.chargedTokens).toBe(installation.claude.chargedTokens);
  });

  it('gives the best answer it has, with its verdict, when nobody does better', async () => {
    await app.budget.increment(10_000);
    installation.ollama.script.push({ text: broken }, { text: broken });
    const result = await execute('What is 2+2?');
    expect(result.verdict.outcome).toBe('needs-repair');
    expect(result.turns.map((turn) => turn.purpose)).toEqual(['answer', 'repair']);
    expect(result.warnings).toEqual([expect.stringContaining('Token budget exhausted')]);
    expect(result.output).toBe(broken);
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('counts what an attempt that broke off stays charged', async () => {
    installation.claude.faults.next({ kind: 'disconnect', afterEvents: 4 });
    const result = await execute();
    expect(result.agent).toBe('ollama-specialist');
    expect(result.chargedTokens).toBeGreaterThan(1_000);
    expect(result.chargedTokens).toBe(app.ledger.snapshot()[0]?.settledTokens);
  });

  it('asks the other specialist afresh after a refusal', async () => {
    installation.claude.script.push({
      text: "I'm sorry, but I can't help with that.",
      stopReason: 'refusal',
    });
    const result = await execute();
    expect(result).toMatchObject({ agent: 'ollama-specialist', verdict: { outcome: 'approved' } });
    const chat = installation.ollama.requests.find((request) => request.path === '/api/chat');
    expect(
      (chat?.body as { messages: Array<{ role: string }> } | undefined)?.messages.map(({ role }) => role),
    ).toEqual(['system', 'user']);
  });

  it('never spends a Claude token on a task that was forced onto Ollama', async () => {
    installation.ollama.script.push({ text: broken }, { text: broken });
    const result = await execute(complexTask, 'ollama-specialist');
    expect(result).toMatchObject({
      agent: 'ollama-specialist',
      verdict: { outcome: 'needs-repair' },
      chargedTokens: 0,
    });
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('runs out of budget in the middle of a series, and the work goes on', async () => {
    const agents: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const result = await execute(`${complexTask} [[sim:tokens=900]] part ${index}`);
      agents.push(result.agent);
      expect(result.verdict.outcome).toBe('approved');
      const [status] = await app.ledger.status();
      expect((status?.settledTokens ?? 0) + (status?.heldTokens ?? 0)).toBeLessThanOrEqual(10_000);
    }
    expect(agents[0]).toBe('claude-specialist');
    expect(agents.at(-1)).toBe('ollama-specialist');
    expect(app.ledger.snapshot()[0]?.settledTokens).toBe(installation.claude.chargedTokens);
  });

  it('tells of each threshold once', async () => {
    // Forced: others stop beginning on Claude while what is left would not finish one more.
    for (let index = 0; index < 12; index += 1)
      await execute(`${complexTask} [[sim:tokens=900]] part ${index}`, 'claude-specialist');
    const percents = events.flatMap((event) => (event.type === 'threshold' ? [event.percent] : []));
    expect(new Set(percents).size).toBe(percents.length);
    expect(percents.slice(0, 2)).toEqual([75, 90]);
  });

  it('learns what such tasks need', async () => {
    for (let index = 0; index < 5; index += 1) await execute(`${complexTask} part ${index}`);
    const decision = await app.coordinator.preview(complexTask);
    expect(decision.estimatedTokens).not.toBe(1_000);
    const charged = (await app.ledger.settledTasks('complex', 50)).map((task) => task.chargedTokens);
    expect(decision.estimatedTokens).toBe(Math.max(...charged));
  });

  it('keeps the cap with many tasks at once in two processes on one ledger', async () => {
    const second = await installation.open();
    const tasks = Array.from({ length: 24 }, (_, index) =>
      execute(`${complexTask} [[sim:tokens=700]] part ${index}`, undefined, index % 2 === 0 ? app : second),
    );
    const results = await Promise.all(tasks);
    expect(results.every((result) => result.verdict.outcome === 'approved')).toBe(true);
    const [status] = await app.ledger.status();
    expect(status).toMatchObject({
      heldTokens: 0,
      overdraftTokens: 0,
      settledTokens: installation.claude.chargedTokens,
    });
    expect(installation.claude.chargedTokens).toBeLessThanOrEqual(10_000);
    expect(results.some((result) => result.agent === 'ollama-specialist')).toBe(true);
  });

  it('logs every decision with its reason, and no prompt', async () => {
    await execute();
    await app.log.flush();
    const { readdirSync } = await import('node:fs');
    const folder = join(installation.home, 'logs');
    const lines = readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8').trim().split('\n'),
    );
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ agent, action }) => `${agent} ${action}`)).toEqual([
      'meta-coordinator route',
      'claude-specialist answer',
      'critic review',
    ]);
    expect(entries[0]).toMatchObject({ output: { reason: expect.stringContaining('Complex task') } });
    expect(lines.join('\n')).not.toContain('OAuth2');
  });

  it.each([
    ['', 'invalid-task'],
    ['x'.repeat(5_000_000), 'invalid-task'],
    ['\u0000\u0001', 'invalid-task'],
  ])('refuses what is no task before it asks anybody', async (task, code) => {
    await expect(execute(task)).rejects.toMatchObject({ code });
    expect(events).toEqual([]);
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('can be stopped while the answer comes', async () => {
    installation.claude.faults.next({ kind: 'stall', afterEvents: 4 });
    const stop = new AbortController();
    const failure = app.pipeline.executeTask(complexTask, undefined, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'text') stop.abort(new Error('enough'));
      },
    });
    await expect(failure).rejects.toMatchObject({ code: 'aborted' });
    expect(app.ledger.snapshot()[0]).toMatchObject({ heldTokens: 0 });
  });
});
