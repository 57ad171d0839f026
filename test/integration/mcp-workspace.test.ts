import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client, Progress } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeConfigFile } from '../../src/config/config-file.ts';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import type { McpHttpServer } from '../../src/mcp-server/http/start-http.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { AppliedTasks } from '../../src/workspace/apply/AppliedTasks.ts';
import { eventually } from '../support/eventually.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { connectHttp, type Era, startStdioServer } from '../support/mcp-client.ts';
import { calls, type SampleProject, sampleFiles, sampleProject } from '../support/sample-project.ts';

const task = 'Fix the total in src/cart.js';
const fix = calls([
  'edit_file',
  { path: 'src/cart.js', old_string: 'sum - price', new_string: 'sum + price' },
]);
const done = { text: 'The total adds up now, where it was computed with minus.' };
const broken = calls(['write_file', { path: 'src/broken.js', content: 'export function broken( {\n' }]);

interface ToolResult {
  readonly isError?: boolean;
  readonly content: ReadonlyArray<{ readonly text?: string }>;
  readonly structuredContent?: Record<string, unknown>;
}

let installation: Installation;
let project: SampleProject;
beforeEach(async () => {
  installation = await startInstallation();
  project = sampleProject();
  writeConfigFile(join(installation.home, 'config.json'), {
    'checks.enabled': false,
    'claude.maxTokens': 35_000,
  });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
  project.remove();
});

/** Forced, so that the script of one simulator is enough. */
async function runTask(
  client: Client,
  more: Record<string, unknown> = {},
  options = {},
): Promise<ToolResult> {
  const given = { task, forceAgent: 'ollama', workspace: project.folder, ...more };
  return (await client.callTool({ name: 'run_task', arguments: given }, options)) as ToolResult;
}
const textOf = (result: ToolResult) => result.content.map(({ text }) => text).join('\n');
const applied = () => {
  const stateFolder = join(installation.home, 'state');
  return new AppliedTasks({ folder: project.folder, stateFolder }, { nowMs: Date.now }).list();
};

describe.each<Era>(['legacy', 'modern'])(
  'run_task on the files of a workspace, for a client of the %s era',
  (era) => {
    let server: McpHttpServer;
    let client: Client;
    let close: () => PromiseLike<void>;

    beforeEach(async () => {
      const app = await installation.open();
      const ports = createMcpPorts(app, { workingFolder: project.folder });
      server = await serveMcpHttp({ host: '127.0.0.1', port: 0, onProblem: () => undefined }, ports);
      const connection = await connectHttp(server.url, era);
      client = connection.client;
      close = () => connection[Symbol.asyncDispose]();
    });
    afterEach(async () => {
      await close();
      await server.close();
    });

    it('shows what would change, in both forms and as a file for git apply, and changes nothing', async () => {
      installation.ollama.script.push(fix, done);
      const result = await runTask(client);
      expect(result.structuredContent).toMatchObject({
        outcome: 'approved',
        output: done.text,
        workspace: project.folder,
        applied: false,
        whyNotApplied: expect.stringContaining('`apply` was not true'),
        files: [
          { path: 'src/cart.js', status: 'modified', diff: expect.stringContaining('+  return prices') },
        ],
        decision: { estimatedTokens: expect.any(Number) },
      });
      const { files } = result.structuredContent as { files: { diff: string }[] };
      for (const words of [files[0]?.diff, 'modified src/cart.js', 'is unchanged'])
        expect(textOf(result)).toContain(words);
      expect(project.files()).toEqual(sampleFiles);
      expect(await applied()).toEqual([]);
      const fullDiffFile = String(result.structuredContent?.['fullDiffFile']);
      expect(statSync(fullDiffFile).mode & 0o777).toBe(0o600);
      execFileSync('git', ['apply', fullDiffFile], { cwd: project.folder });
      expect(project.files()['src/cart.js']).toContain('sum + price');
    });

    it('applies what is approved where apply is true, so that undo takes it back', async () => {
      installation.ollama.script.push(fix, done);
      const result = await runTask(client, { apply: true });
      expect(result.structuredContent).toMatchObject({ outcome: 'approved', applied: true });
      expect(result.structuredContent).not.toHaveProperty('whyNotApplied');
      expect(textOf(result)).toContain(`Applied to ${project.folder}.`);
      expect(project.files()['src/cart.js']).toContain('sum + price');
      expect(await applied()).toMatchObject([{ task, status: 'applied', files: [{ path: 'src/cart.js' }] }]);
    });

    it('applies nothing that the critic does not approve', async () => {
      for (let round = 0; round < 4; round += 1) installation.ollama.script.push(broken, done);
      const result = await runTask(client, { apply: true });
      expect(result.structuredContent).toMatchObject({
        outcome: 'not-approved',
        applied: false,
        whyNotApplied: 'Nothing was applied, since the critic does not approve it.',
        files: [{ path: 'src/broken.js', status: 'added' }],
      });
      expect(project.files()).toEqual(sampleFiles);
    });

    it('applies nothing where a file was changed meanwhile', async () => {
      installation.ollama.script.push(fix, done);
      const onprogress = () => project.write('src/cart.js', 'mine\n');
      const result = await runTask(client, { apply: true }, { onprogress: once('has answered', onprogress) });
      expect(result.structuredContent).toMatchObject({
        outcome: 'approved',
        applied: false,
        whyNotApplied: expect.stringContaining('src/cart.js changed while the task ran'),
      });
      expect(project.files()['src/cart.js']).toBe('mine\n');
    });

    it('tells of every turn and tool; a client that cancels finds its files as they were', async () => {
      installation.ollama.script.push(fix, { ...done, fault: { kind: 'stall', afterEvents: 1 } });
      const cancel = new AbortController();
      const messages: string[] = [];
      const onprogress = ({ message = '' }: Progress) => void messages.push(message);
      const running = runTask(client, { apply: true }, { onprogress, signal: cancel.signal });
      await eventually(() => expect(messages.filter((text) => text.startsWith('Answering'))).toHaveLength(2));
      cancel.abort(new Error('enough'));
      await expect(running).rejects.toThrow();
      expect(messages).toContain('ollama-specialist: edit_file src/cart.js');
      await eventually(() =>
        expect(installation.ollama.requests.at(-1)?.outcome).toBe('client-disconnected'),
      );
      expect(project.files()).toEqual(sampleFiles);
      expect(await applied()).toEqual([]);
    });

    it('cuts diffs that clients would not take; all of them are on disk', async () => {
      const content = 'export const line = "one of very many";\n'.repeat(1_500);
      installation.ollama.script.push(calls(['write_file', { path: 'src/long.js', content }]), fix, done);
      const result = await runTask(client);
      expect(JSON.stringify(result.structuredContent).length).toBeLessThan(100_000);
      expect(textOf(result).length).toBeLessThan(100_000);
      expect(result.structuredContent).toMatchObject({
        files: [
          { path: 'src/cart.js', diff: expect.stringContaining('+  return') },
          { path: 'src/long.js', diff: expect.stringContaining('[cut after') },
        ],
      });
      const whole = readFileSync(String(result.structuredContent?.['fullDiffFile']), 'utf8');
      expect(whole.match(/one of very many/g)).toHaveLength(1_500);
    });

    it('with dryRun only decides, by the estimate of such tasks', async () => {
      const result = await runTask(client, { dryRun: true });
      expect(result.structuredContent).toMatchObject({
        outcome: 'dry-run',
        decision: { estimatedTokens: 3_200 },
      });
      expect(installation.ollama.requests.filter(({ callIndex }) => callIndex !== null)).toEqual([]);
    });

    it.each<[string, () => Record<string, unknown>, RegExp]>([
      ['a relative path', () => ({ workspace: 'src' }), /"src", and must be an absolute path/],
      [
        'a folder beside the one it was started in',
        () => ({ workspace: dirname(project.folder) }),
        /lies outside of .*teelamma-project.*the folder that this server was started in/,
      ],
      ['a way out', () => ({ workspace: `${project.folder}/../..` }), /lies outside of/],
      ['a file', () => ({ workspace: join(project.folder, 'package.json') }), /package.json is no folder/],
      ['what is not there', () => ({ workspace: join(project.folder, 'nowhere') }), /nowhere is not there/],
      ['apply alone', () => ({ workspace: undefined, apply: true }), /apply without workspace/],
    ])('refuses %s, and sends nothing', async (_what, given, problem) => {
      const result = await runTask(client, given());
      expect(result.isError).toBe(true);
      expect(textOf(result)).toMatch(problem);
      expect(textOf(result)).toContain('[invalid-argument]');
      expect(installation.ollama.requests).toEqual([]);
    });

    it('over HTTP holds to its folder also where a client names wider roots, and to narrower ones', async () => {
      await using wide = await connectHttp(server.url, era, { roots: [pathToFileURL('/').href] });
      expect(textOf(await runTask(wide.client, { workspace: dirname(project.folder) }))).toContain(
        'lies outside of',
      );
      installation.ollama.script.push(fix, done);
      expect(await runTask(wide.client)).toMatchObject({ structuredContent: { outcome: 'approved' } });
      const src = pathToFileURL(join(project.folder, 'src')).href;
      await using narrow = await connectHttp(server.url, era, { roots: [src] });
      expect(textOf(await runTask(narrow.client))).toContain('lies in none of the roots');
    });
  },
);

describe.each<Era>(['legacy', 'modern'])(
  'run_task on files over stdio, for a client of the %s era',
  (era) => {
    it('works in the roots that the client names, wherever it was started', async () => {
      const roots = ['file://another-host/share', pathToFileURL(project.folder).href];
      await using server = await startStdioServer(installation.environment, era, {
        roots,
        cwd: installation.home,
      });
      expect(textOf(await runTask(server.client, { workspace: installation.home }))).toContain(
        'lies in none of the roots',
      );
      installation.ollama.script.push(fix, done);
      const result = await runTask(server.client, { apply: true });
      expect(result.structuredContent).toMatchObject({ applied: true });
      expect(project.files()['src/cart.js']).toContain('sum + price');
      expect(server.stderr()).toBe('');
    });

    it('works in the folder that it was started in where the client names none, unless that is too wide', async () => {
      await using inside = await startStdioServer(installation.environment, era, { cwd: project.folder });
      installation.ollama.script.push(fix, done);
      expect(await runTask(inside.client)).toMatchObject({ structuredContent: { outcome: 'approved' } });
      await using atRoot = await startStdioServer(installation.environment, era, { cwd: '/' });
      expect(textOf(await runTask(atRoot.client))).toMatch(
        /No folder is open to tasks.*Start teelamma mcp in/,
      );
    });
  },
);

/** Does something at the first progress that says so. */
function once(words: string, act: () => void): (progress: Progress) => void {
  let isDone = false;
  return ({ message = '' }) => {
    if (isDone || !message.includes(words)) return;
    isDone = true;
    act();
  };
}
