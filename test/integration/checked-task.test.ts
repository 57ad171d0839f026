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
