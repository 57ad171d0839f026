import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import type { McpHttpServer, ServeHttpOptions } from '../../src/mcp-server/http/start-http.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { eventually } from '../support/eventually.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { connectHttp } from '../support/mcp-client.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const token = 'a-token-that-nobody-guesses';
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly sessionId: string | undefined;
}

describe('teelamma mcp --http', () => {
  let installation: Installation;
  let servers: McpHttpServer[];

  beforeEach(async () => {
    installation = await startInstallation();
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.close();
    await installation[Symbol.asyncDispose]();
  });

  async function start(options: Partial<ServeHttpOptions> = {}): Promise<McpHttpServer> {
    const app = await installation.open();
    const given = { host: '127.0.0.1', port: 0, onProblem: () => undefined, ...options };
    const server = await serveMcpHttp(given, createMcpPorts(app));
    servers.push(server);
    return server;
  }

  it.each<[string, Record<string, string>, number]>([
    ['its own name', {}, 200],
    ['localhost', { host: 'localhost:1' }, 200],
    ['a page of this machine', { origin: 'http://localhost:3000' }, 200],
    ['a name that was pointed at this machine', { host: 'evil.example' }, 403],
    ['a page of another host', { origin: 'https://evil.example' }, 403],
    ['a page in a sandbox', { origin: 'null' }, 403],
  ])('towards a request under %s answers as it must', async (_what, headers, status) => {
    const server = await start();
    expect((await post(server.port, initialize, headers)).status).toBe(status);
  });

  it('asks for its token, where it has one', async () => {
    const server = await start({ token });
    expect((await post(server.port, initialize)).status).toBe(401);
    expect((await post(server.port, initialize, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(server.port, initialize, { authorization: `Bearer ${token}` })).status).toBe(200);
    await expect(connectHttp(server.url)).rejects.toThrow();
    await using connection = await connectHttp(server.url, 'modern', { token });
    expect((await connection.client.listTools()).tools).toHaveLength(4);
  });

  it('listens beyond loopback only with a token, under names that are its own or were allowed', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow(/needs a token: set TEELAMMA_MCP_TOKEN/);
    await expect(start({ host: '0.0.0.0', token: 'short' })).rejects.toThrow(/at least 16/);
    const server = await start({ host: '0.0.0.0', token, allowedHosts: ['box.example'] });
    const authorization = `Bearer ${token}`;
    expect((await post(server.port, initialize, { authorization, host: 'box.example' })).status).toBe(200);
    expect((await post(server.port, initialize, { authorization, host: 'evil.example' })).status).toBe(403);
  });

  it('says what is wrong with a request that is none', async () => {
    const server = await start();
    expect(await post(server.port, '{"jsonrpc": ')).toMatchObject({
      status: 400,
      body: expect.stringContaining('not JSON'),
    });
    expect((await post(server.port, initialize, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(server.port, 'x'.repeat(11_000_000))).status).toBe(413);
    expect((await post(server.port, initialize, {}, '/other')).status).toBe(404);
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    expect(await post(server.port, list)).toMatchObject({
      status: 400,
      body: expect.stringContaining('send initialize first'),
    });
    const stale = { 'mcp-session-id': 'gone' };
    expect(await post(server.port, list, stale)).toMatchObject({
      status: 404,
      body: expect.stringContaining('send initialize again'),
    });
  });

  it('keeps the sessions of its clients apart, and ends the one used least lately when there are too many', async () => {
    const server = await start({ sessions: { most: 2 } });
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.push((await post(server.port, initialize)).sessionId ?? '');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(new Set(ids).size).toBe(3);
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    const statuses = [];
    for (const id of ids) statuses.push((await post(server.port, list, { 'mcp-session-id': id })).status);
    expect(statuses).toEqual([404, 200, 200]);
  });

  it('ends the calls of a session that its client ends, and those of no other', async () => {
    const server = await start();
    const app = await installation.open();
    installation.claude.faults.always({ kind: 'stall', afterEvents: 3 });
    await using staying = await connectHttp(server.url, 'legacy');
    const going = await connectHttp(server.url, 'legacy');
    const call = { name: 'run_task', arguments: { task: complexTask } };
    const lost = going.client.callTool(call).catch((error: unknown) => error);
    await eventually(() => expect(installation.claude.requests).toHaveLength(1));
    const kept = staying.client.callTool(call);
    await eventually(() => expect(installation.claude.requests).toHaveLength(2));
    await going.transport.terminateSession();
    await eventually(() => expect(installation.claude.requests[0]?.outcome).toBe('client-disconnected'));
    expect(installation.claude.requests[1]?.outcome).toBe('pending');
    await going[Symbol.asyncDispose]();
    await lost;
    await server.close();
    expect(await kept).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('the MCP server was stopped') }],
    });
    expect((await app.ledger.status())[0]?.heldTokens).toBe(0);
  });

  it('says that a port is taken, and what to do', async () => {
    const server = await start();
    await expect(start({ port: server.port })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('Choose another with --port'),
    });
    await expect(start({ host: '203.0.113.1', token })).rejects.toThrow(/no such address/);
  });
});

/** A raw POST, with headers that `fetch` would not let pass. */
function post(
  port: number,
  body: unknown,
  headers: Record<string, string> = {},
  path = '/mcp',
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'content-length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          answer += piece;
        });
        response.once('end', () => {
          const id = response.headers['mcp-session-id'];
          resolve({
            status: response.statusCode ?? 0,
            body: answer,
            sessionId: typeof id === 'string' ? id : undefined,
          });
        });
      },
    );
    request.once('error', reject);
    request.end(text);
  });
}
