import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Installation, startInstallation } from '../support/installation.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';
import { calls, type SampleProject, sampleProject } from '../support/sample-project.ts';

describeInSandbox('a task whose work is run before it is approved', () => {
  let installation: Installation;
  let project: SampleProject;
  const tools = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

  beforeEach(async () => {
    installation = await startInstallation();
    project = sampleProject();
  });
  afterEach(async () => {
    await installation[Symbol.asyncDispose]();
    project.remove();
  });
  const edit = (from: string, to: string) =>
    calls(['edit_file', { path: 'src/cart.js', old_string: from, new_string: to }]);

  it('in a workspace: what fails its tests goes back with the failing test, and is repaired', async () => {
    const app = await installation.open(tools);
    project.write(
      'src/cart.js',
      'export function total(prices) {\n  return prices.reduce((a, b) => a + b, 0);\n}\n',
    );
    installation.ollama.script.push(edit('a + b', 'a * b'), { text: 'Rewritten.' }, edit('a * b', 'b + a'), {
      text: 'Mended.',
    });
    const result = await app.pipeline.executeTask('Rewrite the total in cart.js', 'ollama-specialist', {
      workspace: project.folder,
    });
    expect(result.verdict).toEqual({ outcome: 'approved', issues: [] });
    expect(result.files).toMatchObject([{ path: 'src/cart.js' }]);
    expect(JSON.stringify(installation.ollama.requests.at(-1)?.body)).toContain(
      'node --test fails at test/cart.test.js',
    );
  });

  const sum = 'export function total(prices) {\n  return prices.reduce((a, b) => a + b, 0);\n}\n';
  const run = async (task: string) => {
    const app = await installation.open(tools);
    return app.pipeline.executeTask(task, undefined, { workspace: project.folder });
  };

  it('in a workspace: a function that is added with its test, and a failing test that is mended, are approved', async () => {
    const test =
      "import assert from 'node:assert';\nimport { mean } from '../src/mean.js';\n\nassert.equal(mean([1, 3]), 2);\n";
    installation.ollama.script.push(
      edit('sum - price', 'sum + price'),
      calls(
        [
          'write_file',
          {
            path: 'src/mean.js',
            content:
              "import { total } from './cart.js';\n\nexport const mean = (all) => total(all) / all.length;\n",
          },
        ],
        ['write_file', { path: 'test/mean.test.js', content: test }],
      ),
      { text: 'The total adds up now, and mean is there with its test.' },
    );
    const result = await run('Fix the typo in cart.js');
    expect(result.verdict).toEqual({ outcome: 'approved', issues: [] });
    expect(result.files.map(({ path }) => path)).toEqual(['src/cart.js', 'src/mean.js', 'test/mean.test.js']);
  });

  it('in a workspace: what one specialist cannot repair goes to the other, and what nobody can is refused', async () => {
    project.write('src/cart.js', sum);
    installation.ollama.script.push(edit('a + b', 'a * b'), { text: 'Done.' }, { text: 'It is right.' });
    installation.claude.script.push(edit('a * b', 'b + a'), { text: 'Mended.' });
    const escalated = await run('Fix the typo in cart.js');
    expect(escalated).toMatchObject({ agent: 'claude-specialist', verdict: { outcome: 'approved' } });
    expect(new Set(escalated.turns.map(({ purpose }) => purpose))).toEqual(
      new Set(['answer', 'repair', 'escalation']),
    );
    installation.ollama.script.push(edit('a + b', 'a * b'), { text: 'Done.' }, { text: 'It is right.' });
    installation.claude.script.push({ text: 'I cannot mend it.' });
    const refused = await run('Fix the typo in cart.js');
    expect(refused.verdict).toMatchObject({ outcome: 'needs-repair' });
    expect(JSON.stringify(refused.verdict.issues)).toContain('test/cart.test.js');
    expect(project.files()['src/cart.js']).toBe(sum);
  });

  it('without one: an answer that contradicts the example of the task is repaired', async () => {
    const app = await installation.open(tools);
    const answer = (operator: string) => ({
      text: `\`\`\`js\nexport function add(a, b) {\n  return a ${operator} b;\n}\n\`\`\`\n`,
    });
    installation.ollama.script.push(answer('-'), answer('+'));
    const result = await app.pipeline.executeTask(
      'Write add in JavaScript. add(1, 2) returns 3.',
      'ollama-specialist',
    );
    expect(result.turns.map(({ purpose }) => purpose)).toEqual(['answer', 'repair']);
    expect(result.verdict).toEqual({ outcome: 'approved', issues: [] });
    expect(JSON.stringify(installation.ollama.requests.at(-1)?.body)).toContain('it gave -1');
  });
});
