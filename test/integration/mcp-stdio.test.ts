import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BudgetStatus } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type Era, type StdioServer, startStdioServer } from '../support/mcp-client.ts';
import { startTestGateway } from '../support/start-gateway.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;

describe('teelamma mcp over stdio', () => {
  let installation: Installation;

  beforeEach(async () => {
    installation = await startInstallation();
  });
  afterEach(() => installation[Symbol.asyncDispose]());

  /** The budget as another process reads it, after it has cleared up behind dead ones. */
  async function budget(): Promise<BudgetStatus | undefined> {
    const app = await installation.open();
    await app.ledger.recover();
    return app.ledger.snapshot()[0];
  }

  /** A call that Claude answers in part and then stays silent; resolves when its tokens are in flight. */
  async function startStalledCall({ client }: StdioServer): Promise<{ readonly ended: Promise<unknown> }> {
    installation.claude.faults.next({ kind: 'stall', afterEvents: 3 });
    const ended = client
      .callTool({ name: 'run_task', arguments: { task: complexTask } })
      .catch((error) => error);
    await eventually(() => expect(installation.claude.requests).toHaveLength(1));
    return { ended };
  }

  const modelCalls = () => installation.claude.requests.filter(({ callIndex }) => callIndex !== null).length;

  it.each<Era>(['legacy', 'modern'])(
    'does a task for a client of the %s era, and tells subscribers',
    async (era) => {
      await using server = await startStdioServer(installation.environment, era);
      const updated = new Promise((resolve) => {
        server.client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
          resolve(params.uri),
        );
      });
      if (era === 'modern') await server.client.listen({ resourceSubscriptions: ['budget://status'] });
      else await server.client.subscribeResource({ uri: 'budget://status' });
      const result = await server.client.callTool({ name: 'run_task', arguments: { task: complexTask } });
      expect(result.structuredContent).toMatchObject({ agent: 'claude-specialist', outcome: 'approved' });
      expect(await updated).toBe('budget://status');
      expect(server.stderr()).toBe('');
    },
  );

  it('writes nothing but protocol to stdout, whatever comes in', async () => {
    const child = spawn(process.execPath, [main, 'mcp'], {
      env: { ...installation.environment } as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const clientInfo = { name: 'raw', version: '1' };
    const send = (message: object) =>
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    child.stdin.write('this is no JSON\n');
    send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo },
    });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'run_task', arguments: { task: complexTask } } });
    send({ id: 3, method: 'no/such/method' });
    send({ id: 4, method: 'tools/call', params: { name: 'no_such_tool', arguments: {} } });
    await eventually(() => expect(output).toContain('"id":2'));
    child.stdin.end();
    const [exitCode] = await once(child, 'exit');
    const messages = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: { code: number } });
    expect(messages.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4]);
    expect(messages.find(({ id }) => id === 3)?.error?.code).toBe(-32_601);
    expect(messages.find(({ id }) => id === 4)?.error?.code).toBe(-32_602);
    expect(exitCode).toBe(0);
  });

  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    'stops running calls on %s: an error for the client, a right ledger',
    async (signal) => {
      const server = await startStdioServer(installation.environment);
      const { ended } = await startStalledCall(server);
      process.kill(server.pid, signal);
      expect(await ended).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('The task was stopped: the MCP server was stopped') }],
      });
      await eventually(() => expect(installation.claude.requests[0]?.outcome).toBe('client-disconnected'));
      await eventually(() => expect(() => process.kill(server.pid, 0)).toThrow());
      const status = await budget();
      expect(status?.heldTokens).toBe(0);
      expect(status?.settledTokens).toBeGreaterThanOrEqual(installation.claude.chargedTokens);
      await server[Symbol.asyncDispose]();
    },
  );

  it('stops running calls when the client goes, and ends', async () => {
    const server = await startStdioServer(installation.environment);
    await startStalledCall(server);
    await server[Symbol.asyncDispose]();
    expect(() => process.kill(server.pid, 0)).toThrow();
    expect(installation.claude.requests[0]?.outcome).toBe('client-disconnected');
    expect((await budget())?.heldTokens).toBe(0);
  });

  it('leaves a right ledger when it is killed in the middle of a call', async () => {
    const server = await startStdioServer(installation.environment);
    const { ended } = await startStalledCall(server);
    const held = (await installation.open()).ledger.snapshot()[0]?.heldTokens ?? 0;
    expect(held).toBeGreaterThan(1_000);
    process.kill(server.pid, 'SIGKILL');
    expect(await ended).toBeInstanceOf(Error);
    await eventually(async () => expect((await budget())?.heldTokens).toBe(0));
    // Nobody can say what the call used, so it stays charged in full.
    const status = await budget();
    expect(status?.settledTokens).toBeGreaterThanOrEqual(installation.claude.chargedTokens);
    expect(status?.settledTokens).toBeLessThanOrEqual(held);
  });

  it('does not use an inherited ANTHROPIC_BASE_URL that is its own gateway', async () => {
    await using gateway = await standInGateway({ 'x-teelamma-gateway': '0.1.0' });
    const { TEELAMMA_CLAUDE_URL: _configured, ...inherited } = installation.environment;
    // Claude's own address must not be reached from here either: without a key nothing is sent.
    const environment = { ...inherited, ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: gateway.url };
    await using server = await startStdioServer(environment);
    const result = await server.client.callTool({
      name: 'run_task',
      arguments: { task: complexTask, forceAgent: 'claude' },
    });
    // The client starts the server a second time after its probe.
    expect(new Set(gateway.requests)).toEqual(new Set(['GET /health']));
    expect(server.stderr()).toContain(`ANTHROPIC_BASE_URL (${gateway.url}) is this project's own gateway`);
    expect(result.structuredContent).toMatchObject({ agent: 'ollama-specialist' });
  });

  it('recognises the real gateway: nothing goes through it, and nothing is charged twice', async () => {
    await using gateway = await startTestGateway();
    const { TEELAMMA_CLAUDE_URL: _configured, ...inherited } = installation.environment;
    const environment = { ...inherited, ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: gateway.url };
    await using server = await startStdioServer(environment);
    const result = await server.client.callTool({ name: 'run_task', arguments: { task: complexTask } });
    expect(server.stderr()).toContain(`ANTHROPIC_BASE_URL (${gateway.url}) is this project's own gateway`);
    expect(result.structuredContent).toMatchObject({ agent: 'ollama-specialist' });
    expect(gateway.installation.claude.requests).toEqual([]);
    expect(gateway.app.ledger.snapshot()[0]).toMatchObject({ settledTokens: 0, heldTokens: 0 });
    expect((await budget())?.settledTokens).toBe(0);
  });

  it('uses an inherited ANTHROPIC_BASE_URL that is another, and a configured one in any case', async () => {
    await using other = await standInGateway({});
    const { TEELAMMA_CLAUDE_URL: configured, ...inherited } = installation.environment;
    await using server = await startStdioServer({
      ...inherited,
      ANTHROPIC_BASE_URL: installation.claude.url,
    });
    await server.client.callTool({ name: 'run_task', arguments: { task: complexTask } });
    expect(modelCalls()).toBe(1);

    const both = { ...inherited, TEELAMMA_CLAUDE_URL: configured, ANTHROPIC_BASE_URL: other.url };
    await using second = await startStdioServer(both);
    await second.client.callTool({ name: 'run_task', arguments: { task: complexTask } });
    expect(other.requests).toEqual([]);
    expect(modelCalls()).toBe(2);
  });
});

/** Answers every request with 200 and these headers, as the gateway answers `/health`. */
async function standInGateway(headers: Record<string, string>) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(200, headers).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
