import { readFileSync, statSync } from 'node:fs';
import type { Client, Progress } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeConfigFile } from '../../src/config/config-file.ts';
import type { App } from '../../src/index.ts';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import type { McpHttpServer } from '../../src/mcp-server/http/start-http.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { eventually } from '../support/eventually.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { connectHttp, type Era, type HttpClient } from '../support/mcp-client.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const broken = 'Here it is:\n\n```ts\nfunction add(a: number, b: number { return a + b }\n```\n';
const whole = 'Here it is:\n\n```ts\nfunction add(a: number, b: number) { return a + b }\n```\n';

const serverOptions = { host: '127.0.0.1', port: 0, onProblem: () => undefined };

interface ToolResult {
  readonly isError?: boolean;
  readonly content: ReadonlyArray<{ readonly type: string; readonly text?: string }>;
  readonly structuredContent?: Record<string, unknown>;
  readonly _meta?: Record<string, unknown>;
}

describe.each<Era>(['legacy', 'modern'])('the MCP server towards a client of the %s era', (era) => {
  let installation: Installation;
  let app: App;
  let server: McpHttpServer;
  let connection: HttpClient;
  let client: Client;

  beforeEach(async () => {
    installation = await startInstallation();
    app = await installation.open();
    server = await serveMcpHttp(serverOptions, createMcpPorts(app, { pollMs: 20 }));
    connection = await connectHttp(server.url, era);
    client = connection.client;
  });

  afterEach(async () => {
    await connection[Symbol.asyncDispose]();
    await server.close();
    await installation[Symbol.asyncDispose]();
  });

  const call = async (name: string, args: Record<string, unknown> = {}): Promise<ToolResult> =>
    (await client.callTool({ name, arguments: args })) as ToolResult;
  const textOf = (result: ToolResult) => result.content.map(({ text }) => text).join('\n');

  it('speaks the revision that the client asks for', () => {
    expect(client.getNegotiatedProtocolVersion()).toBe(era === 'modern' ? '2026-07-28' : '2025-11-25');
  });

  it('offers its four tools, each with schemas, annotations and a description that clients do not cut', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'run_task',
      'route_task',
      'budget_status',
      'budget_history',
    ]);
    for (const tool of tools) {
      expect(tool.description?.length ?? 0, tool.name).toBeGreaterThan(200);
      expect(Buffer.byteLength(tool.description ?? ''), tool.name).toBeLessThan(2_048);
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: 'object' });
      expect(tool.annotations).toHaveProperty('readOnlyHint', tool.name !== 'run_task');
    }
    expect(tools[0]?._meta).toEqual({ 'anthropic/maxResultSizeChars': 100_000 });
  });

  it('does a task, and says in structured form all that the text says', async () => {
    const result = await call('run_task', { task: complexTask });
    expect(result.structuredContent).toMatchObject({
      outcome: 'approved',
      agent: 'claude-specialist',
      model: 'claude-sonnet-5-5',
      chargedTokens: installation.claude.chargedTokens,
      decision: { targetAgent: 'claude-specialist', estimatedTokens: 1_000, forced: false },
      budgets: [{ usedTokens: installation.claude.chargedTokens, limitTokens: 10_000, heldTokens: 0 }],
    });
    expectSaidInBoth(result);
  });

  it.each([
    ['claude', 'Say hello', 'claude-specialist'],
    ['ollama', complexTask, 'ollama-specialist'],
  ])('forces %s when asked to', async (forceAgent, task, agent) => {
    const { structuredContent } = await call('run_task', { task, forceAgent });
    expect(structuredContent).toMatchObject({ agent, decision: { forced: true, targetAgent: agent } });
  });

  it('goes on with Ollama when the budget is exhausted, and warns where Claude is forced past it', async () => {
    await app.ledger.charge(10_000);
    const automatic = await call('run_task', { task: complexTask });
    expect(automatic.structuredContent).toMatchObject({
      agent: 'ollama-specialist',
      chargedTokens: 0,
      decision: { reason: 'Token budget exhausted - automatic downgrade to Ollama' },
    });
    const forced = await call('run_task', { task: complexTask, forceAgent: 'claude' });
    expect(forced.structuredContent).toMatchObject({
      agent: 'claude-specialist',
      budgets: [{ exhausted: true }],
    });
    expect(textOf(forced)).toContain('Token budget exhausted - Claude was forced');
    expectSaidInBoth(forced);
  });

  it('gives an answer that the critic does not approve, with its issues', async () => {
    installation.claude.script.push({ text: broken }, { text: broken });
    installation.ollama.script.push({ text: broken });
    const result = await call('run_task', { task: complexTask });
    expect(result.isError ?? false).toBe(false);
    expect(result.structuredContent).toMatchObject({ outcome: 'not-approved' });
    expect(textOf(result)).toContain('THE CRITIC DID NOT APPROVE IT');
    expectSaidInBoth(result);
  });

  it('with dryRun decides and sends nothing', async () => {
    const result = await call('run_task', { task: complexTask, dryRun: true });
    expect(result.structuredContent).toMatchObject({
      outcome: 'dry-run',
      decision: { targetAgent: 'claude-specialist', estimatedTokens: 1_000 },
    });
    expect(result.structuredContent).not.toHaveProperty('output');
    expect(installation.claude.requests).toEqual([]);
    expect(app.ledger.snapshot()[0]).toMatchObject({ settledTokens: 0, heldTokens: 0 });
  });

  it('says who would do a task, and spends nothing', async () => {
    const result = await call('route_task', { task: complexTask });
    expect(result.structuredContent).toMatchObject({
      targetAgent: 'claude-specialist',
      tokenBudgetStatus: { used: 0, remaining: 10_000, exhausted: false },
    });
    expectSaidInBoth(result);
    expect(installation.claude.requests).toEqual([]);
    const local = await call('route_task', { task: complexTask, strategy: 'local-first' });
    expect(local.structuredContent).toMatchObject({
      targetAgent: 'ollama-specialist',
      strategy: 'local-first',
    });
    expect(app.ledger.snapshot()[0]).toMatchObject({ settledTokens: 0, heldTokens: 0, windowStartMs: null });
  });

  it('says what is left, and what used it', async () => {
    await call('run_task', { task: complexTask });
    await call('run_task', { task: 'What is 2+2?' });
    const status = await call('budget_status');
    const used = installation.claude.chargedTokens;
    expect(status.structuredContent).toMatchObject({
      budgets: [{ name: 'default', usedTokens: used, remainingTokens: 10_000 - used, exhausted: false }],
    });
    expectSaidInBoth(status);
    const history = await call('budget_history');
    expect(history.structuredContent).toMatchObject({
      calls: [
        { agent: 'ollama-specialist', chargedTokens: 0 },
        { agent: 'claude-specialist', chargedTokens: used, state: 'settled' },
      ],
    });
    expectSaidInBoth(history);
    const sums = await call('budget_history', { groupBy: ['agent'] });
    expect(sums.structuredContent).toMatchObject({
      calls: [],
      sums: [
        { agent: 'claude-specialist', calls: 1, chargedTokens: used },
        { agent: 'ollama-specialist', calls: 1, chargedTokens: 0 },
      ],
    });
    expectSaidInBoth(sums);
    const claudeOnly = await call('budget_history', { agent: 'claude', limit: 1 });
    expect(claudeOnly.structuredContent?.['calls']).toHaveLength(1);
    const none = await call('budget_history', { agent: 'claude', sinceHours: 0.000_000_1 });
    expect(none.structuredContent).toEqual({ calls: [] });
  });

  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['a missing task', 'run_task', {}, /run_task.*task/s],
    ['an unknown agent', 'run_task', { task: 'x', forceAgent: 'gpt' }, /forceAgent.*"claude"\|"ollama"/s],
    ['an argument that does not exist', 'route_task', { task: 'x', agent: 'claude' }, /agent/],
    ['an empty task', 'run_task', { task: '  ' }, /The task is empty/],
    ['a strategy that does not exist', 'route_task', { task: 'x', strategy: 'cheapest' }, /strategy/],
    ['an empty task to be routed', 'route_task', { task: '' }, /The task is empty/],
    ['binary characters', 'run_task', { task: 'a\u0000b' }, /binary character/],
    ['groups that cannot be', 'budget_history', { groupBy: ['day', 'hour'] }, /cannot be grouped/],
    ['too long a history', 'budget_history', { limit: 1_000 }, /limit.*200/s],
    ['a workspace elsewhere', 'run_task', { task: 'x', workspace: '/' }, /"?\/"? lies outside of/],
  ])('answers %s with an error that says what is wrong', async (_what, name, args, problem) => {
    const result = await call(name, args);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(problem);
    expect(installation.claude.requests).toEqual([]);
    expect(installation.ollama.requests).toEqual([]);
  });

  it('says who was tried when nobody can do it, and charges nothing', async () => {
    await app.ledger.charge(10_000);
    installation.ollama.faults.always({ kind: 'server-error' });
    const result = await call('run_task', { task: complexTask });
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    expect(textOf(result)).toMatch(
      /Nobody could do this\. Tried ollama-specialist: .*claude-specialist: .*\[no-specialist-available\]/s,
    );
    expect(result._meta).toMatchObject({
      'teelamma/error': { code: 'no-specialist-available', isRetryable: true },
    });
    expect(app.ledger.snapshot()[0]).toMatchObject({ settledTokens: 10_000, heldTokens: 0 });
  });

  it('tells of every stage as it comes', async () => {
    installation.claude.script.push({ text: broken }, { text: whole });
    const seen: Progress[] = [];
    await client.callTool(
      { name: 'run_task', arguments: { task: complexTask } },
      { onprogress: (progress) => void seen.push(progress) },
    );
    const stages = seen.map(({ message }) => /^\w+(?=:)|has answered/.exec(message ?? '')?.[0]);
    const round = ['has answered', 'Critic'];
    expect(stages).toEqual(['Routing', 'Answering', ...round, 'Repairing', ...round]);
    expect(seen.map(({ progress }) => progress)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('stops the call to Claude when the client cancels, and settles the ledger', async () => {
    installation.claude.faults.next({ kind: 'stall', afterEvents: 3 });
    const cancel = new AbortController();
    const cancelled = client.callTool(
      { name: 'run_task', arguments: { task: complexTask } },
      { signal: cancel.signal },
    );
    await eventually(() => expect(app.ledger.snapshot()[0]?.heldTokens).toBeGreaterThan(1_000));
    await eventually(() => expect(installation.claude.requests).toHaveLength(1));
    cancel.abort(new Error('enough'));
    await expect(cancelled).rejects.toThrow();
    await eventually(() => expect(installation.claude.requests[0]?.outcome).toBe('client-disconnected'));
    await eventually(() => expect(app.ledger.snapshot()[0]?.heldTokens).toBe(0));
    const billed = installation.claude.chargedTokens;
    expect(app.ledger.snapshot()[0]?.settledTokens).toBeGreaterThanOrEqual(billed);
    const next = await call('run_task', { task: 'What is 2+2?' });
    expect(next.structuredContent).toMatchObject({ agent: 'ollama-specialist' });
  });

  it('cuts an output that clients would not take, and keeps the whole of it for the user alone', async () => {
    const long = `${'A line of a very long answer, "quoted", with\ttabs.\n'.repeat(2_000)}The end.`;
    writeConfigFile(app.config.paths.configFile, { 'claude.maxTokens': 35_000 });
    await using patient = await serveMcpHttp(serverOptions, createMcpPorts(await installation.open()));
    await using other = await connectHttp(patient.url, era);
    installation.ollama.script.push({ text: long });
    const request = { name: 'run_task', arguments: { task: 'What is 2+2?' } };
    const result = (await other.client.callTool(request)) as ToolResult;
    const { output, fullOutputFile } = result.structuredContent as { output: string; fullOutputFile: string };
    expect(JSON.stringify(result.structuredContent).length).toBeLessThan(100_000);
    expect(output).toContain(`the whole text is in ${fullOutputFile}`);
    expect(long.startsWith(output.slice(0, output.lastIndexOf('\n\n[cut after')))).toBe(true);
    expect(readFileSync(fullOutputFile, 'utf8')).toBe(long);
    expect(statSync(fullOutputFile).mode & 0o777).toBe(0o600);
    expect(result._meta).toMatchObject({ 'anthropic/maxResultSizeChars': 100_000 });
  });

  it('shows the budgets and the latest decisions as resources', async () => {
    await call('run_task', { task: complexTask });
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['budget://status', 'budget://decisions']);
    expect(await read('budget://status')).toMatchObject({
      budgets: [{ usedTokens: installation.claude.chargedTokens }],
    });
    expect(await read('budget://decisions')).toMatchObject({
      decisions: [
        {
          taskId: expect.any(String),
          decision: { targetAgent: 'claude-specialist', reason: expect.any(String) },
        },
      ],
    });
    await expect(client.readResource({ uri: 'budget://nothing' })).rejects.toThrow(/not found/i);
  });

  it('tells subscribers when a budget changes, whoever changed it', async () => {
    const updates: string[] = [];
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void updates.push(params.uri),
    );
    await subscribe(['budget://status', 'budget://decisions']);
    await call('run_task', { task: complexTask });
    await eventually(() =>
      expect(new Set(updates)).toEqual(new Set(['budget://status', 'budget://decisions'])),
    );
    const other = await installation.open();
    await eventually(() => expect(app.ledger.snapshot()[0]?.heldTokens).toBe(0));
    await quiet(updates);
    await other.ledger.charge(1);
    await eventually(() => expect(updates).toContain('budget://status'));
  });

  it('explains how to delegate', async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts).toMatchObject([
      { name: 'delegate', arguments: [{ name: 'task', required: true }, { name: 'agent' }] },
    ]);
    const { messages } = await client.getPrompt({
      name: 'delegate',
      arguments: { task: 'Port it', agent: 'ollama' },
    });
    expect(JSON.stringify(messages)).toMatch(/run_task.*Port it.*forceAgent.*ollama/s);
  });

  async function read(uri: string): Promise<unknown> {
    const { contents } = await client.readResource({ uri });
    const [content] = contents;
    return JSON.parse(content && 'text' in content ? content.text : '');
  }

  async function subscribe(uris: string[]): Promise<void> {
    if (era === 'modern') await client.listen({ resourceSubscriptions: uris });
    else for (const uri of uris) await client.subscribeResource({ uri });
  }

  /** Forgets what has come, once nothing more comes. */
  async function quiet(updates: string[]): Promise<void> {
    let before = -1;
    while (before !== updates.length) {
      before = updates.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    updates.length = 0;
  }
});

/** Every word and number of the text stands in the structured form too, but for words that only join them. */
function expectSaidInBoth(result: ToolResult): void {
  const json = JSON.stringify(result.structuredContent);
  const text = result.content.map((block) => block.text).join('\n');
  const facts = text.match(/\d[\d.:TZ-]*\d|[a-z0-9]+(?:[-:][a-z0-9]+)+|"[^"]+"/g) ?? [];
  expect(facts.length).toBeGreaterThan(3);
  expect(
    facts.filter(
      (fact) => !json.includes(fact.replaceAll('"', '\\"')) && !json.includes(fact.replaceAll('"', '')),
    ),
  ).toEqual([]);
  for (const value of leaves(result.structuredContent)) {
    if (typeof value === 'string' && value.length > 40) expect(text).toContain(value);
  }
}

function leaves(value: unknown): unknown[] {
  if (value === null || typeof value !== 'object') return [value];
  return Object.values(value).flatMap(leaves);
}
