import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/index.ts';
import { DebtStore } from '../../src/pipeline/debt/DebtStore.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { calls, sampleProject } from '../support/sample-project.ts';
import { teelamma } from '../support/teelamma.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const broken = 'Here it is:\n\n```ts\nfunction add(a: number, b: number { return a + b }\n```\n';
const review = (outcome: string, issues: readonly object[] = []) => ({
  text: JSON.stringify({ outcome, summary: `It is ${outcome}.`, issues }),
});

let installation: Installation;
let app: App;
beforeEach(async () => {
  installation = await startInstallation();
  app = await installation.open();
});
afterEach(() => installation[Symbol.asyncDispose]());

const execute = (task = complexTask) => app.pipeline.executeTask(task);
const folder = () => join(installation.home, 'state', 'debts');
const debts = async (words: string[], code = 0) => {
  const environment = installation.environment as Record<string, string>;
  const result = await teelamma(['debt', ...words, '--json'], environment);
  expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code });
  return JSON.parse(result.stdout);
};
const newWindow = () => app.ledger.reset();

describe('what Ollama did because the budget was gone', () => {
  it('is kept for the user alone, and listed by what the critic doubts', async () => {
    await app.budget.increment(10_000);
    const approved = await execute();
    installation.ollama.script.push({ text: broken }, { text: broken });
    const doubtful = await execute();
    const list = await debts([]);
    expect(list.debts.map(({ taskId }: { taskId: string }) => taskId)).toEqual([
      doubtful.taskId,
      approved.taskId,
    ]);
    expect(list.debts[0]).toMatchObject({
      reason: 'Token budget exhausted - automatic downgrade to Ollama',
      verdict: { outcome: 'needs-repair', issues: [expect.objectContaining({ kind: 'syntax-error' })] },
      review: null,
    });
    expect(list.debts[0].doubt).toBeGreaterThan(0.7);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    const shown = await debts(['show', doubtful.taskId.slice(0, 8)]);
    expect(shown).toMatchObject({ task: complexTask, answer: broken });
  });

  it('is what a turn was handed over for, too, and what could not be escalated', async () => {
    await app.budget.increment(9_950);
    installation.ollama.script.push({ text: broken }, { text: broken });
    const simple = await execute('What is 2+2?');
    const isTooLow = expect.stringContaining('Token budget too low');
    expect(app.debts.list()).toMatchObject([{ taskId: simple.taskId, reason: isTooLow }]);

    await newWindow();
    await app.budget.increment(8_900);
    const handedOver = await execute(
      `${complexTask}\n\n${'These are the modules that it is about. '.repeat(200)}`,
    );
    expect(handedOver).toMatchObject({
      decision: { targetAgent: 'claude-specialist' },
      handovers: [{ to: 'ollama-specialist', lacksBudget: true }],
    });
    expect(app.debts.list().map(({ taskId }) => taskId)).toContain(handedOver.taskId);
  });

  it('is nothing else: not a simple task, not a forced one, not a failure of Claude', async () => {
    installation.claude.faults.next({ kind: 'overloaded' });
    const fallen = await execute();
    expect(fallen).toMatchObject({ agent: 'ollama-specialist', handovers: [{ to: 'ollama-specialist' }] });
    await app.budget.increment(10_000);
    await execute('What is 2+2?');
    await app.pipeline.executeTask(complexTask, 'ollama-specialist');
    expect(app.debts.list()).toEqual([]);
  });

  it('is not kept where the user does not want it', async () => {
    const own = await installation.open({ TEELAMMA_DEBT: 'false' });
    await own.budget.increment(10_000);
    await own.pipeline.executeTask(complexTask);
    expect(own.debts.list()).toEqual([]);
  });

  it('holds the changes of a workspace', async () => {
    const project = sampleProject();
    try {
      await app.budget.increment(10_000);
      installation.ollama.script.push(
        calls(['read_file', { path: 'src/cart.js' }]),
        calls(['edit_file', { path: 'src/cart.js', old_string: 'sum - price', new_string: 'sum + price' }]),
        { text: 'Plus now.' },
      );
      await app.pipeline.executeTask(complexTask, undefined, { workspace: project.folder });
      const [debt = never()] = app.debts.list();
      expect(debt.files).toMatchObject([
        { path: 'src/cart.js', diff: expect.stringContaining('sum + price') },
      ]);
      installation.claude.script.push(review('good'));
      await newWindow();
      await app.debtReviewer.review(debt, 1, new AbortController().signal);
      const sent = JSON.stringify(installation.claude.requests.at(-1)?.body);
      expect(sent).toContain('Plus now.');
      expect(sent).toContain('sum + price');
    } finally {
      project.remove();
    }
  });
});

describe('its review', () => {
  beforeEach(async () => {
    await app.budget.increment(10_000);
    await execute();
    await newWindow();
  });

  it('asks Claude within the share, and keeps what it says', async () => {
    installation.claude.script.push(
      review('flawed', [{ message: 'Sessions are lost.', file: 'auth.ts', line: 7 }]),
    );
    const { reviewed, left } = await debts(['review', '--share', '50%']);
    expect(left).toBe(0);
    expect(reviewed[0].review).toMatchObject({
      outcome: 'flawed',
      summary: 'It is flawed.',
      issues: [{ message: 'Sessions are lost.', file: 'auth.ts', line: 7 }],
      chargedTokens: installation.claude.chargedTokens,
    });
    const body = installation.claude.requests.at(-1)?.body as { max_tokens: number; output_config: object };
    expect(body.output_config).toMatchObject({ format: { type: 'json_schema' } });
    expect(body.max_tokens).toBeLessThanOrEqual(1_500);
    expect((await debts([])).debts[0].review.outcome).toBe('flawed');
    const [turn] = await app.ledger.history({ agent: 'claude-specialist', limit: 1 });
    expect(turn).toMatchObject({ kind: 'debt-review', chargedTokens: installation.claude.chargedTokens });
    expect((await debts(['review'])).reviewed).toEqual([]);
  });

  it('stops where the share is used, and says what is left of it', async () => {
    const before = installation.claude.requests.length;
    const refused = await debts(['review', '--share', '2%'], 6);
    expect(refused).toMatchObject({ reviewed: [], left: 1 });
    expect(refused.problem).toMatch(/^Of the share for reviews 200 tokens are left in this window/);
    const models = installation.claude.requests.slice(before).filter(({ callIndex }) => callIndex !== null);
    expect(models.filter(({ path }) => path === '/v1/messages')).toEqual([]);

    const entry = app.debts.list()[0] ?? never();
    const { signal } = new AbortController();
    let charged = 0;
    let isOver = false;
    for (let round = 0; round < 20 && !isOver; round += 1) {
      installation.claude.script.push(review('good'));
      const result = await app.debtReviewer.review(entry, 0.2, signal);
      isOver = !result.reviewed;
      if (result.reviewed) charged += result.entry.review?.chargedTokens ?? 0;
    }
    expect(isOver).toBe(true);
    expect(charged).toBeGreaterThan(0);
    expect(charged).toBeLessThanOrEqual(2_000);
  });

  it('keeps an answer that is no review as it is', async () => {
    installation.claude.script.push({ text: 'Looks fine to me.' });
    const { reviewed } = await debts(['review', '--share', '1']);
    expect(reviewed[0].review).toMatchObject({
      outcome: 'unclear',
      summary: 'Looks fine to me.',
      issues: [],
    });
  });
});

describe('the command', () => {
  it('refuses what is no id and no share, and drops what is not wanted', async () => {
    await app.budget.increment(10_000);
    const { taskId } = await execute();
    expect((await debts(['show', 'nope'], 2)).error.message).toBe(
      'No debt begins with "nope". `teelamma debt` lists them.',
    );
    expect((await debts(['review', '--share', '200%'], 2)).error.message).toContain('--share is "200%"');
    expect(await debts(['drop', taskId.slice(0, 6)])).toEqual({ dropped: taskId });
    expect((await debts([])).debts).toEqual([]);
  });

  it('passes over a file that is damaged', async () => {
    await app.budget.increment(10_000);
    await execute();
    writeFileSync(join(folder(), 'damaged.json'), '{"version": 1');
    expect((await debts([])).debts).toHaveLength(1);
    expect(readFileSync(join(folder(), 'damaged.json'), 'utf8')).toBe('{"version": 1');
  });
});

describe('the store', () => {
  const entry = (taskId: string, answer = 'x') => ({
    taskId,
    reason: 'no budget',
    complexity: 'complex',
    confidence: 1,
    model: 'qwen3:8b',
    task: 'Do it',
    answer,
    files: [],
    verdict: { outcome: 'approved' as const, issues: [] },
  });

  it('forgets what has expired, the oldest above 200, and takes nothing that is too large', () => {
    let nowMs = 1_000;
    const store = new DebtStore({ folder: folder(), keepMs: 10_000 }, { nowMs: () => nowMs });
    for (let index = 0; index < 202; index += 1) {
      nowMs += 1;
      store.add(entry(`task-${index}`));
    }
    const ids = store.list().map(({ taskId }) => taskId);
    expect(ids).toHaveLength(200);
    expect(ids).not.toContain('task-0');
    expect(store.add(entry('large', 'x'.repeat(2_000_000)))).toBe(false);
    nowMs += 10_000;
    expect(store.list()).toEqual([]);
    expect(readdirSync(folder())).toEqual([]);
  });
});

function never(): never {
  throw new Error('there is no debt');
}
