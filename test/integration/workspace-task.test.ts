import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App, ExecuteOptions, TaskEvent, TaskResult } from '../../src/index.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { calls, type SampleProject, sampleFiles, sampleProject } from '../support/sample-project.ts';

const task =
  'Refactor the cart module: fix the total, migrate all callers and add a function for the mean price';
const fix = [
  'edit_file',
  { path: 'src/cart.js', old_string: 'sum - price', new_string: 'sum + price' },
] as const;
const done = { text: 'The total was computed with minus; it is plus now.' };

describe('a task in a workspace', () => {
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

  const execute = (more: ExecuteOptions & { force?: 'ollama-specialist' } = {}): Promise<TaskResult> =>
    app.pipeline.executeTask(task, more.force, {
      workspace: project.folder,
      onEvent: (event) => events.push(event),
      ...more,
    });
  /** The conversation that Claude was given at a model call. */
  const messagesOf = (callIndex: number) => {
    const body = installation.claude.requests.find((request) => request.callIndex === callIndex)?.body;
    return (body as { readonly messages: ReadonlyArray<{ readonly content: unknown }> }).messages;
  };
  const paths = ({ files }: TaskResult) => files.map(({ status, path }) => `${status} ${path}`);

  it('reads, searches and edits turn by turn; the folder stays, the diff is given', async () => {
    installation.claude.script.push(
      calls(['list_files', {}], ['search', { pattern: 'total' }]),
      calls(['read_file', { path: 'src/cart.js' }]),
      calls(fix, [
        'write_file',
        { path: 'src/mean.js', content: 'export const mean = (all) => all.length;\n' },
      ]),
      done,
    );
    const result = await execute();
    expect(result).toMatchObject({
      agent: 'claude-specialist',
      output: done.text,
      verdict: {
        outcome: 'approved',
        // The environment of this installation has no PATH.
        issues: [{ kind: 'not-checked', message: 'node --test was not run: node is not on the PATH.' }],
      },
    });
    expect(paths(result)).toEqual(['modified src/cart.js', 'added src/mean.js']);
    expect(result.files[0]?.diff).toContain(
      '-  return prices.reduce((sum, price) => sum - price, 0);\n+  return',
    );
    expect(project.files()).toEqual(sampleFiles);
    expect(result.turns).toHaveLength(4);
    expect(result.chargedTokens).toBe(installation.claude.chargedTokens);
    expect(
      events.flatMap((event) => (event.type === 'tool' ? [`${event.name} ${event.subject}`] : [])),
    ).toEqual([
      'list_files ',
      'search total',
      'read_file src/cart.js',
      'edit_file src/cart.js',
      'write_file src/mean.js',
    ]);
  });

  it('renames across files, with the same tools on Ollama', async () => {
    installation.ollama.script.push(
      calls(['rename_file', { path: 'src/cart.js', new_path: 'src/basket.js' }]),
      calls(
        ['edit_file', { path: 'src/main.js', old_string: './cart.js', new_string: './basket.js' }],
        [
          'edit_file',
          { path: 'test/cart.test.js', old_string: '../src/cart.js', new_string: '../src/basket.js' },
        ],
      ),
      { text: 'Renamed cart.js to basket.js, with its two importers.' },
    );
    const result = await execute({ force: 'ollama-specialist' });
    expect(paths(result)).toEqual([
      'added src/basket.js',
      'deleted src/cart.js',
      'modified src/main.js',
      'modified test/cart.test.js',
    ]);
    expect(result).toMatchObject({ verdict: { outcome: 'approved' }, chargedTokens: 0 });
  });

  it('feeds refusals back as results, and goes on', async () => {
    installation.claude.script.push(
      calls(
        ['read_file', { path: '../secret' }],
        ['bash', { command: 'id' }],
        ['edit_file', { path: 'src/cart.js' }],
      ),
      calls(fix),
      done,
    );
    const result = await execute();
    expect(result.verdict.outcome).toBe('approved');
    const [, , third] = messagesOf(1);
    expect(third?.content).toMatchObject([
      { type: 'tool_result', is_error: true, content: expect.stringMatching('outside of the workspace') },
      { type: 'tool_result', is_error: true, content: expect.stringMatching('There is no tool "bash"') },
      {
        type: 'tool_result',
        is_error: true,
        content: expect.stringMatching('The input of edit_file is not valid'),
      },
    ]);
  });

  it('hands a budget that ends in the middle over, with everything that was staged', async () => {
    app = await installation.open({ TEELAMMA_BUDGET: '6500' });
    installation.claude.script.push(calls(fix), {
      ...calls(['write_file', { path: 'src/mean.js', content: 'export const mean = 1;\n' }]),
      usage: { outputTokens: 3_000 },
    });
    installation.ollama.script.push(calls(['read_file', { path: 'src/cart.js' }]), done);
    const result = await execute();
    expect(result.handovers).toMatchObject([{ from: 'claude-specialist', to: 'ollama-specialist' }]);
    expect(result.turns.map(({ agent }) => agent)).toEqual([
      'claude-specialist',
      'claude-specialist',
      'ollama-specialist',
      'ollama-specialist',
    ]);
    expect(paths(result)).toEqual(['modified src/cart.js', 'added src/mean.js']);
    expect(result).toMatchObject({ agent: 'ollama-specialist', verdict: { outcome: 'approved' } });
    const seen = JSON.stringify(installation.ollama.requests.at(-1)?.body);
    expect(seen).toContain('sum + price');
    expect(seen).toContain('Edited src/cart.js');
  });

  it('goes back and forth between both: tool ids stay valid, thinking of the other is left out', async () => {
    installation.ollama.script.push(
      { content: [{ type: 'thinking', thinking: 'Hm.' }, ...(calls(fix).content ?? [])] },
      { fault: { kind: 'disconnect' } },
    );
    installation.claude.script.push(calls(['read_file', { path: 'src/cart.js' }]), done);
    const result = await app.pipeline.executeTask('Say what is wrong in cart.js?', undefined, {
      workspace: project.folder,
    });
    expect(result.turns.map(({ agent }) => agent)).toEqual([
      'ollama-specialist',
      'claude-specialist',
      'claude-specialist',
    ]);
    expect(paths(result)).toEqual(['modified src/cart.js']);
  });

  it('has broken files repaired with file and line in hand, then escalates with the files as they are', async () => {
    const broken = ['write_file', { path: 'src/mean.js', content: 'export function mean( {\n' }] as const;
    installation.claude.script.push(calls(broken), done, { text: 'It is right as it is.' });
    installation.ollama.script.push(
      calls(['write_file', { path: 'src/mean.js', content: 'export function mean() {}\n' }]),
      { text: 'Mended.' },
    );
    const result = await execute();
    expect(result.turns.map(({ agent, purpose }) => `${agent} ${purpose}`)).toEqual([
      'claude-specialist answer',
      'claude-specialist answer',
      'claude-specialist repair',
      'ollama-specialist escalation',
      'ollama-specialist escalation',
    ]);
    expect(result).toMatchObject({ output: 'Mended.', verdict: { outcome: 'approved' } });
    const repair = installation.claude.requests.at(-1)?.body as { messages: { content: unknown }[] };
    expect(JSON.stringify(repair.messages.at(-1))).toContain('src/mean.js does not parse');
    expect(paths(result)).toEqual(['added src/mean.js']);
  });

  it('goes back to the better work where a repair makes it worse', async () => {
    const bad = 'export function mean( {\n';
    installation.claude.script.push(calls(['write_file', { path: 'a.js', content: bad }]), done);
    installation.claude.script.push(calls(['write_file', { path: 'b.js', content: bad }]), done);
    installation.ollama.script.push({ fault: { kind: 'server-error' } });
    const result = await execute();
    expect(result.verdict.outcome).toBe('needs-repair');
    expect(paths(result)).toEqual(['added a.js']);
    expect(result.warnings.join()).toMatch('could not be improved');
  });

  it('asks for repair where the code is only in the answer', async () => {
    const words = '```js\nexport function mean(all) {\n  return 1;\n}\n```';
    installation.claude.script.push({ text: words }, calls(fix), done);
    const result = await execute();
    expect(result.verdict.outcome).toBe('approved');
    expect(JSON.stringify(messagesOf(1).at(-1))).toContain('no file was changed');
  });

  it('does nothing of a call that was cut off by max_tokens, and says so', async () => {
    const long = 'x'.repeat(30_000);
    installation.claude.script.push(calls(fix, ['write_file', { path: 'big.txt', content: long }]), done);
    const result = await execute({ maxTokens: 1_000 });
    expect(paths(result)).toEqual(['modified src/cart.js']);
    expect(JSON.stringify(messagesOf(1).at(-1))).toContain('cut off by its output limit inside of this call');
  });

  it.each([
    [{ maxTurns: 3 }, 'stopped after 3 turns', 3],
    [{ maxTokens: 1_000 }, 'one task may take 1000', 1],
  ])(
    'stops at its limits %j with the reason, and neither repairs nor escalates',
    async (workspace, reason, turns) => {
      writeFileSync(join(installation.home, 'config.json'), JSON.stringify({ workspace }));
      app = await installation.open();
      for (let step = 0; step < 9; step += 1) {
        installation.claude.script.push(calls(['write_file', { path: `f${step}.txt`, content: 'x' }]));
      }
      const result = await execute();
      expect(result.turns).toHaveLength(turns);
      expect(result.verdict).toMatchObject({
        outcome: 'needs-repair',
        issues: [{ kind: 'unfinished', message: expect.stringMatching(reason) }],
      });
    },
  );

  it('is estimated by the tasks of its kind alone', async () => {
    app = await installation.open({ TEELAMMA_BUDGET: '1M' });
    expect(await execute()).toMatchObject({
      estimatedTokens: 6_000,
      decision: { kind: 'complex workspace' },
    });
    for (let round = 0; round < 4; round += 1) {
      installation.claude.script.push(calls(['list_files', {}]), { text: 'Done.' });
      await execute();
    }
    const charged = (await app.ledger.settledTasks('complex workspace', 50)).map(
      (each) => each.chargedTokens,
    );
    expect(charged).toHaveLength(5);
    const preview = (inWorkspace: boolean) => app.coordinator.preview(task, undefined, { inWorkspace });
    expect(await preview(true)).toMatchObject({ estimatedTokens: Math.max(...charged) });
    expect(await preview(false)).toMatchObject({ estimatedTokens: 1_000, kind: 'complex' });
    expect(await app.ledger.recentOutputTokens('complex', 10)).toEqual([]);
  });

  it('stops who makes the same call again and again, and asks the other', async () => {
    app = await installation.open({ TEELAMMA_BUDGET: '100k' });
    for (let step = 0; step < 10; step += 1) installation.claude.script.push(calls(['list_files', {}]));
    installation.ollama.script.push(calls(fix), done);
    const result = await execute();
    expect(JSON.stringify(messagesOf(3))).toContain('You have made this very call before');
    expect(result).toMatchObject({ agent: 'ollama-specialist', verdict: { outcome: 'approved' } });
    expect(result.turns.filter(({ agent }) => agent === 'claude-specialist')).toHaveLength(10);
  });

  it('shortens a conversation that has become too long for the only specialist left, and says so', async () => {
    project.write('long.txt', 'a line of some length\n'.repeat(4_000));
    for (let part = 0; part < 12; part += 1) {
      installation.ollama.script.push(calls(['read_file', { path: 'long.txt', start_line: 1 + part * 300 }]));
    }
    installation.ollama.script.push(calls(fix), done);
    const result = await execute({ force: 'ollama-specialist' });
    expect(paths(result)).toEqual(['modified src/cart.js']);
    expect(result.warnings.join()).toMatch(/old tool results were left out/);
  });

  it('leaves the folder as it was when it is aborted in the middle', async () => {
    const controller = new AbortController();
    installation.claude.script.push(calls(fix), { ...done, fault: { kind: 'stall' } });
    const running = execute({
      signal: controller.signal,
      onEvent: (event) => event.type === 'tool' && controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(project.files()).toEqual(sampleFiles);
  });

  it('asks nobody where the workspace is none', async () => {
    await expect(execute({ workspace: join(project.folder, 'nope') })).rejects.toThrow('is not there');
    expect(installation.claude.requests).toHaveLength(0);
  });
});
