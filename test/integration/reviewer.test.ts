import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App, ExecuteOptions, TaskEvent } from '../../src/index.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { calls, type SampleProject, sampleProject } from '../support/sample-project.ts';

const simple = 'What is a mutex?';
const complex = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const review = (outcome: string, ...issues: readonly object[]) => ({
  text: JSON.stringify({ outcome, summary: `It is ${outcome}.`, issues }),
});
/** The environment of these installations has no PATH. */
const notRun = {
  kind: 'not-checked',
  severity: 'warning',
  message: 'node --test was not run: node is not on the PATH.',
};
const doubt = (file: string, line: number) => ({ message: 'It is wrong there.', file, line });

describe('a second model that looks at what every check approves', () => {
  let installation: Installation;
  let app: App;
  let project: SampleProject;
  let events: TaskEvent[];

  beforeEach(async () => {
    installation = await startInstallation();
    app = await installation.open();
    project = sampleProject();
    events = [];
  });
  afterEach(async () => {
    await installation[Symbol.asyncDispose]();
    project.remove();
  });
  const run = (task: string, options: ExecuteOptions, force?: 'claude-specialist' | 'ollama-specialist') =>
    app.pipeline.executeTask(task, force, { onEvent: (event) => events.push(event), ...options });
  const used = async () => (await app.ledger.status())[0]?.settledTokens;
  const inProject = (options: ExecuteOptions) => run(complex, { workspace: project.folder, ...options });
  const fix = calls([
    'edit_file',
    { path: 'src/cart.js', old_string: 'sum - price', new_string: 'sum + price' },
  ]);
  const purposes = ({ turns }: Awaited<ReturnType<typeof run>>) => turns.map(({ purpose }) => purpose);

  it('is not asked unless the user wants it', async () => {
    const result = await run(simple, {});
    expect(purposes(result)).toEqual(['answer']);
  });

  it('is Ollama at no cost: one line for the user, the form as a schema, and work that is well is approved', async () => {
    const result = await run(complex, { reviewer: 'ollama' });
    expect(result).toMatchObject({
      agent: 'claude-specialist',
      verdict: { outcome: 'approved', issues: [] },
      turns: [
        { purpose: 'answer', agent: 'claude-specialist' },
        { purpose: 'review', agent: 'ollama-specialist', chargedTokens: 0 },
      ],
    });
    expect(events.filter(({ type }) => type === 'waiting')).toEqual([
      { type: 'waiting', reason: 'qwen3:8b reviews the work' },
    ]);
    expect(events.filter(({ type }) => type === 'turn-started')).toHaveLength(1);
    const [sent] = installation.ollama.requests.filter(({ callIndex }) => callIndex === 0);
    expect(sent?.body).toMatchObject({ format: { required: ['outcome', 'summary', 'issues'] } });
    expect(JSON.stringify(sent?.body)).toContain(complex);
  });

  it('sends the work back once, with file and line; what it doubts after that is noted', async () => {
    const own = await installation.open({ TEELAMMA_REVIEWER: 'ollama' });
    installation.ollama.script.push(
      fix,
      { text: 'Plus now.' },
      review('flawed', doubt('src/cart.js', 2), doubt('src/none.js', 1), doubt('src/cart.js', 99)),
      { text: 'Looked at, and right as it is.' },
      review('flawed', doubt('src/cart.js', 2)),
    );
    const result = await own.pipeline.executeTask(complex, 'ollama-specialist', {
      workspace: project.folder,
    });
    expect(purposes(result)).toEqual(['answer', 'answer', 'review', 'repair', 'review']);
    expect(result.reviews.map(({ outcome }) => outcome)).toEqual(['needs-repair', 'approved']);
    expect(result.verdict).toEqual({
      outcome: 'approved',
      issues: [
        notRun,
        {
          kind: 'doubt',
          severity: 'warning',
          message: 'The reviewer doubts line 2 of src/cart.js: It is wrong there.',
          file: 'src/cart.js',
          line: 2,
        },
      ],
    });
    const bodies = installation.ollama.requests.map(({ body }) => JSON.stringify(body));
    expect(bodies.at(-2)).toContain('The reviewer doubts line 2 of src/cart.js');
    expect(bodies.at(-2)).not.toContain('src/none.js');
  });

  it('never undoes what the checks approve: a repair that fails is taken back, and nobody else is asked', async () => {
    installation.ollama.script.push(
      { text: 'It locks.' },
      review('flawed', doubt('', 1)),
      { text: '```ts\nconst a = (;\n```' },
      review('good'),
    );
    const result = await run(simple, { reviewer: 'ollama' });
    expect(purposes(result)).toEqual(['answer', 'review', 'repair']);
    expect(result).toMatchObject({
      output: 'It locks.',
      verdict: { outcome: 'approved', issues: [{ kind: 'doubt', severity: 'warning', line: 1 }] },
    });
  });

  it("does not spend Claude's tokens on the word of Ollama", async () => {
    installation.ollama.script.push(review('flawed', doubt('', 1)));
    const result = await run(complex, { reviewer: 'ollama' });
    expect(purposes(result)).toEqual(['answer', 'review']);
    expect(result.verdict).toMatchObject({ outcome: 'approved', issues: [{ severity: 'warning' }] });
  });

  it('as Claude goes through the budget, apart from what the task itself was given and is measured by', async () => {
    const result = await run(simple, { reviewer: 'claude' });
    const [, reviewed] = result.turns;
    expect(reviewed).toMatchObject({ purpose: 'review', agent: 'claude-specialist' });
    expect(reviewed?.chargedTokens).toBeGreaterThan(0);
    expect(result.chargedTokens).toBe(reviewed?.chargedTokens);
    expect(await used()).toBe(result.chargedTokens);
    expect(installation.claude.chargedTokens).toBe(result.chargedTokens);
    for (let task = 0; task < 5; task += 1) await run(complex, { reviewer: 'claude' });
    const settled = await app.ledger.settledTasks('complex', 10);
    expect(settled.map(({ turns }) => turns)).toEqual([1, 1, 1, 1, 1]);
    const turns = await app.ledger.history({ agent: 'claude-specialist', limit: 100 });
    const answers = turns.filter(({ kind }) => kind === 'complex');
    expect(settled.map(({ chargedTokens }) => chargedTokens).toSorted()).toEqual(
      answers.map(({ chargedTokens }) => chargedTokens).toSorted(),
    );
  });

  it('is never the reason that a task fails: away, silent, or with an answer that is no review', async () => {
    const cases = [
      { fault: { kind: 'model-missing' }, why: /was not reviewed: .*qwen3:8b/ },
      { text: 'Looks good to me!', why: /qwen3:8b gave no review that can be read/ },
      { text: '{"outcome": "perfect"}', why: /gave no review/ },
      { fault: { kind: 'stall' }, why: /it took longer than 1 s \(critic\.reviewTimeout\)/ },
    ] as const;
    writeFileSync(join(installation.home, 'config.json'), '{"critic": {"reviewTimeout": "1s"}}');
    const own = await installation.open();
    for (const { why, ...answer } of cases) {
      installation.ollama.script.push(answer);
      const result = await own.pipeline.executeTask(complex, undefined, { reviewer: 'ollama' });
      expect(result.verdict).toEqual({
        outcome: 'approved',
        issues: [{ kind: 'not-checked', severity: 'warning', message: expect.stringMatching(why) }],
      });
    }
  });

  it('has no part where the budget is gone, or where Ollama alone is wanted', async () => {
    await app.budget.increment(10_000);
    const broke = await run(simple, { reviewer: 'claude' });
    expect(broke.verdict.issues).toMatchObject([{ message: expect.stringContaining('budget exhausted') }]);
    const forced = await run(simple, { reviewer: 'claude' }, 'ollama-specialist');
    expect(forced.verdict.issues).toMatchObject([{ message: expect.stringContaining('Ollama is forced') }]);
    expect(installation.claude.chargedTokens).toBe(0);
  });

  it('charges what a review on Claude that did not come to its end cost', async () => {
    installation.claude.faults.next({ kind: 'disconnect', afterEvents: 3 });
    const result = await run(simple, { reviewer: 'claude' });
    expect(result.verdict.issues).toMatchObject([{ kind: 'not-checked' }]);
    expect(result.chargedTokens).toBeGreaterThan(0);
    expect(result.chargedTokens).toBe(await used());
  });

  it('sees the changes of a workspace with their lines, and is played by the simulator', async () => {
    installation.claude.script.push(fix, { text: 'Plus now.' });
    const result = await inProject({ reviewer: 'ollama' });
    expect(result.verdict).toEqual({ outcome: 'approved', issues: [notRun] });
    const body = JSON.stringify(installation.ollama.requests.at(-1)?.body);
    expect(body).toContain('## src/cart.js (modified)');
    expect(body).toContain('     2 +   return prices.reduce((sum, price) => sum + price, 0);');
  });
});
