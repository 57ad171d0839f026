import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInSandbox } from '../support/needs-sandbox.ts';
import { calls, sampleFiles } from '../support/sample-project.ts';
import { document } from './command.ts';
import { startWorkspaceCommand, type WorkspaceCommand } from './workspace-command.ts';

const sum = 'export function total(prices) {\n  return prices.reduce((a, b) => a + b, 0);\n}\n';
const edit = (from: string, to: string) =>
  calls(['edit_file', { path: 'src/cart.js', old_string: from, new_string: to }]);
const mean = [
  'write_file',
  {
    path: 'src/mean.js',
    content: "import { total } from './cart.js';\n\nexport const mean = (all) => total(all) / all.length;\n",
  },
] as const;
const meanTest = [
  'write_file',
  {
    path: 'test/mean.test.js',
    content:
      "import assert from 'node:assert';\nimport { mean } from '../src/mean.js';\n\nassert.equal(mean([1, 3]), 2);\n",
  },
] as const;

/** What each test here runs is `node --test` of the sample project, on the files as the task would leave them. */
describeInSandbox('run --workspace --apply, where the project is tested before anything is applied', () => {
  let command: WorkspaceCommand;
  beforeEach(async () => {
    command = await startWorkspaceCommand();
  });
  afterEach(() => command[Symbol.asyncDispose]());

  const work = async (task: string, more: Readonly<Record<string, string>> = {}, flags: string[] = []) => {
    const words = ['run', '--workspace', command.project.folder, '--apply', '--json', ...flags, task];
    const result = await command.run(words, more);
    return { exitCode: result.exitCode, ...document(result) };
  };
  /** Each run of a check, in order, as the log has it. */
  const checksRan = async () => {
    const { stdout } = await command.run(['log', '--action', 'checks', '--json']);
    const entries = JSON.parse(stdout) as readonly {
      readonly output: { readonly ran: readonly { readonly name: string; readonly outcome: string }[] };
    }[];
    return entries.flatMap(({ output }) => output.ran.map(({ name, outcome }) => `${name}: ${outcome}`));
  };
  const asked = (by: 'claude' | 'ollama') => JSON.stringify(command.simulators[by].requests.at(-1)?.body);

  it('a function that is added with its test is applied', async () => {
    command.project.write('src/cart.js', sum);
    command.simulators.ollama.script.push(calls(mean, meanTest), { text: 'mean is there, with its test.' });
    expect(await work('Add mean.js with a test')).toMatchObject({
      exitCode: 0,
      verdict: { outcome: 'approved', issues: [] },
      workspace: { applied: true },
    });
    expect(await checksRan()).toEqual(['node --test: passed']);
    expect(command.project.files()).toMatchObject({
      'src/mean.js': mean[1].content,
      'test/mean.test.js': meanTest[1].content,
    });
  });

  it('a failing test that is mended is applied', async () => {
    command.simulators.ollama.script.push(edit('sum - price', 'sum + price'), { text: 'It adds up now.' });
    expect(await work('Fix the failing test')).toMatchObject({ exitCode: 0, workspace: { applied: true } });
    expect(await checksRan()).toEqual(['node --test: passed']);
    expect(command.project.files()['src/cart.js']).toContain('sum + price');
  });

  it('a file that is renamed with all who import it is applied; where one was forgotten it is repaired first', async () => {
    command.project.write('src/cart.js', sum);
    // Not an import that can be read off: only who runs the project finds out.
    const lazily = "const { total } = await import('./' + 'cart' + '.js');\n\nconsole.log(total([1, 2]));\n";
    command.project.write('src/main.js', lazily);
    command.project.write('test/main.test.js', "import '../src/main.js';\n");
    command.simulators.ollama.script.push(
      calls(
        ['rename_file', { path: 'src/cart.js', new_path: 'src/basket.js' }],
        [
          'edit_file',
          { path: 'test/cart.test.js', old_string: '../src/cart.js', new_string: '../src/basket.js' },
        ],
      ),
      { text: 'Renamed.' },
      calls(['edit_file', { path: 'src/main.js', old_string: 'cart', new_string: 'basket' }]),
      { text: 'Renamed, with everybody who imports it.' },
    );
    expect(await work('Rename cart.js to basket.js')).toMatchObject({
      exitCode: 0,
      reviews: [{ outcome: 'needs-repair' }, { purpose: 'repair', outcome: 'approved' }],
      workspace: { applied: true },
    });
    expect(await checksRan()).toEqual(['node --test: failed', 'node --test: passed']);
    expect(asked('ollama')).toContain('node --test fails at test/main.test.js');
    const files = command.project.files();
    expect(files['src/cart.js']).toBeUndefined();
    expect(files['src/basket.js']).toBe(sum);
    expect(files['src/main.js']).toBe(lazily.replace('cart', 'basket'));
  });

  it('what breaks a test goes back with the failing test, and is applied when it is repaired', async () => {
    command.project.write('src/cart.js', sum);
    command.simulators.ollama.script.push(
      edit('a + b', 'a * b'),
      { text: 'Rewritten.' },
      edit('a * b', 'b + a'),
      { text: 'Mended.' },
    );
    expect(await work('Fix the typo in cart.js')).toMatchObject({
      exitCode: 0,
      agent: 'ollama-specialist',
      reviews: [{ outcome: 'needs-repair' }, { purpose: 'repair', outcome: 'approved' }],
      workspace: { applied: true },
    });
    expect(await checksRan()).toEqual(['node --test: failed', 'node --test: passed']);
    expect(asked('ollama')).toContain('node --test fails at test/cart.test.js');
    expect(command.project.files()['src/cart.js']).toBe(sum.replace('a + b', 'b + a'));
  });

  it('what one specialist cannot repair goes to the other with the failing test, and is applied', async () => {
    command.project.write('src/cart.js', sum);
    command.simulators.ollama.script.push(
      edit('a + b', 'a * b'),
      { text: 'Done.' },
      { text: 'It is right.' },
    );
    command.simulators.claude.script.push(edit('a * b', 'b + a'), { text: 'Mended.' });
    expect(await work('Fix the typo in cart.js', command.withClaude)).toMatchObject({
      exitCode: 0,
      agent: 'claude-specialist',
      reviews: [
        { purpose: 'answer', outcome: 'needs-repair' },
        { purpose: 'repair', outcome: 'needs-repair' },
        { purpose: 'escalation', outcome: 'approved' },
      ],
      workspace: { applied: true },
    });
    expect((await checksRan()).at(-1)).toBe('node --test: passed');
    expect(asked('claude')).toContain('node --test fails at test/cart.test.js');
    expect(command.project.files()['src/cart.js']).toBe(sum.replace('a + b', 'b + a'));
  });

  it('what nobody can repair is refused, and nothing of the workspace is changed', async () => {
    command.project.write('src/cart.js', sum);
    const before = command.project.files();
    const breaking = [edit('a + b', 'a * b'), calls(mean, meanTest), { text: 'Done.' }];
    command.simulators.ollama.script.push(...breaking, { text: 'It is right.' });
    command.simulators.claude.script.push({ text: 'I cannot mend it.' });
    expect(await work('Fix the typo in cart.js', command.withClaude)).toMatchObject({
      exitCode: 4,
      verdict: {
        outcome: 'needs-repair',
        issues: [
          { kind: 'failed-check', file: 'test/cart.test.js' },
          { kind: 'failed-check', file: 'test/mean.test.js' },
        ],
      },
      files: [{ path: 'src/cart.js' }, { path: 'src/mean.js' }, { path: 'test/mean.test.js' }],
      workspace: { applied: false, reason: expect.stringContaining('the critic does not approve it') },
    });
    expect(new Set(await checksRan())).toEqual(new Set(['node --test: failed']));
    expect(command.project.files()).toEqual(before);
    const undo = await command.run(['undo', command.project.folder]);
    expect(undo).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('no task to undo') });
  });

  it('a budget that ends in the middle hands over without losing a staged edit, and both are applied', async () => {
    command.simulators.claude.script.push({
      ...edit('sum - price', 'sum + price'),
      usage: { outputTokens: 3_500 },
    });
    command.simulators.ollama.script.push(calls(mean, meanTest), { text: 'All of it is done.' });
    const words =
      'Refactor the cart module: fix the total, migrate all callers and add a function for the mean price';
    expect(await work(words, { ...command.withClaude, TEELAMMA_BUDGET: '6500' })).toMatchObject({
      exitCode: 0,
      agent: 'ollama-specialist',
      handovers: [{ from: 'claude-specialist', to: 'ollama-specialist' }],
      verdict: { outcome: 'approved' },
      workspace: { applied: true },
    });
    // The test that failed passes by Claude's edit, and the new one by both.
    expect(await checksRan()).toEqual(['node --test: passed']);
    expect(command.project.files()).toMatchObject({
      'src/cart.js': sampleFiles['src/cart.js'].replace('sum - price', 'sum + price'),
      'src/mean.js': mean[1].content,
    });
    expect(document(await command.run(['budget', '--json'], { TEELAMMA_BUDGET: '6500' }))).toMatchObject({
      budgets: [{ settledTokens: command.simulators.claude.chargedTokens, heldTokens: 0 }],
    });
  });

  it('without a workspace an answer that contradicts the example of its task is repaired', async () => {
    const answer = (operator: string) => ({
      text: `\`\`\`js\nexport function add(a, b) {\n  return a ${operator} b;\n}\n\`\`\`\n`,
    });
    command.simulators.ollama.script.push(answer('-'), answer('+'));
    const task = 'Write add in JavaScript. add(1, 2) returns 3.';
    expect(document(await command.run(['run', '--json', task]))).toMatchObject({
      turns: [{ purpose: 'answer' }, { purpose: 'repair' }],
      verdict: { outcome: 'approved', issues: [] },
    });
    expect(asked('ollama')).toContain('it gave -1');
  });
});
