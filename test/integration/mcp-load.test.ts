import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { connectHttp, startStdioServer } from '../support/mcp-client.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';

describe('many MCP clients on one ledger', () => {
  let installation: Installation;
  beforeEach(async () => {
    installation = await startInstallation({ claude: { eventDelayMs: 1 } });
  });
  afterEach(() => installation[Symbol.asyncDispose]());

  /** Every token that Claude billed is in the ledger, none is held any more, and the limit was never passed. */
  async function expectHardCap(limit: number): Promise<void> {
    const app = await installation.open({ TEELAMMA_BUDGET: String(limit) });
    const [status] = await app.ledger.status();
    const billed = installation.claude.chargedTokens;
    expect(billed).toBeGreaterThan(limit / 4);
    expect(billed).toBeLessThanOrEqual(limit);
    expect(status).toMatchObject({
      limitTokens: limit,
      settledTokens: billed,
      heldTokens: 0,
      overdraftTokens: 0,
    });
    expect(await app.ledger.check()).toMatchObject({ ok: true });
  }

  it('keep the hard cap with 50 calls at once over HTTP', async () => {
    const app = await installation.open();
    const options = { host: '127.0.0.1', port: 0, onProblem: () => undefined };
    await using server = await serveMcpHttp(options, createMcpPorts(app));
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        connectHttp(server.url, index % 2 === 0 ? 'modern' : 'legacy'),
      ),
    );
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        clients[index % clients.length]?.client.callTool(
          { name: 'run_task', arguments: { task: `${complexTask}, part ${index}` } },
          { timeout: 60_000 },
        ),
      ),
    );
    const agents = results.map(
      (result) => (result?.structuredContent as { agent?: string } | undefined)?.agent,
    );
    expect(agents.filter((agent) => agent === 'claude-specialist').length).toBeGreaterThan(5);
    expect(agents.every((agent) => agent === 'claude-specialist' || agent === 'ollama-specialist')).toBe(
      true,
    );
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectHardCap(10_000);
  });

  it('keep the hard cap with 8 servers over stdio', async () => {
    // Small enough that the servers run into it together.
    const environment = { ...installation.environment, TEELAMMA_BUDGET: '8000' };
    const servers = await Promise.all(
      Array.from({ length: 8 }, () => startStdioServer(environment, 'legacy')),
    );
    const calls = servers.flatMap(({ client }, server) =>
      Array.from({ length: 6 }, (_, index) =>
        client.callTool(
          { name: 'run_task', arguments: { task: `${complexTask}, part ${server}-${index}` } },
          { timeout: 90_000 },
        ),
      ),
    );
    const results = await Promise.all(calls);
    expect(results.filter(({ isError }) => isError)).toEqual([]);
    for (const server of servers) await server[Symbol.asyncDispose]();
    await expectHardCap(8_000);
  });
});
