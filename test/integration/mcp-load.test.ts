import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { connectHttp, startStdioServer } from '../support/mcp-client.ts';

/** Needs about 1,600 tokens, so that all calls together want far more than there is. */
const task = (part: string) =>
  `Refactor the authentication module to support OAuth2 and migrate existing sessions, part ${part} [[sim:tokens=1500]]`;
const limit = 20_000;
const budget = { TEELAMMA_BUDGET: String(limit) };

interface ToolResult {
  readonly structuredContent?: unknown;
}

describe('many MCP clients on one ledger', () => {
  let installation: Installation;
  beforeEach(async () => {
    installation = await startInstallation({ claude: { eventDelayMs: 1 } });
  });
  afterEach(() => installation[Symbol.asyncDispose]());

  /** Every token that Claude billed is in the ledger, none is held any more, and the limit was never passed. */
  async function expectHardCap(): Promise<void> {
    const app = await installation.open(budget);
    const [status] = await app.ledger.status();
    const billed = installation.claude.chargedTokens;
    expect(billed).toBeGreaterThan(0);
    expect(billed).toBeLessThanOrEqual(limit);
    expect(status).toMatchObject({
      limitTokens: limit,
      settledTokens: billed,
      heldTokens: 0,
      overdraftTokens: 0,
    });
    expect(await app.ledger.check()).toMatchObject({ ok: true });
  }

  /**
   * Every call was answered, and the budget did not suffice for all. Who gave the last answer says little: one of Claude's that the
   * budget cut short is done again by Ollama.
   */
  function expectAllAnswered(results: ReadonlyArray<ToolResult | undefined>, count: number): void {
    const agents = results.map(
      (result) => (result?.structuredContent as { agent?: string } | undefined)?.agent,
    );
    expect(agents.filter((agent) => agent !== undefined)).toHaveLength(count);
    expect(agents).toContain('ollama-specialist');
  }

  it('keep the hard cap with 50 calls at once over HTTP', async () => {
    const app = await installation.open(budget);
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
          { name: 'run_task', arguments: { task: task(String(index)) } },
          { timeout: 60_000 },
        ),
      ),
    );
    expectAllAnswered(results, 50);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectHardCap();
  });

  it('keep the hard cap with 8 servers over stdio', async () => {
    const environment = { ...installation.environment, ...budget };
    const servers = await Promise.all(
      Array.from({ length: 8 }, () => startStdioServer(environment, 'legacy')),
    );
    const calls = servers.flatMap(({ client }, server) =>
      Array.from({ length: 6 }, (_, index) =>
        client.callTool(
          { name: 'run_task', arguments: { task: task(`${server}-${index}`) } },
          { timeout: 90_000 },
        ),
      ),
    );
    const results = await Promise.all(calls);
    expectAllAnswered(results, 48);
    for (const server of servers) await server[Symbol.asyncDispose]();
    await expectHardCap();
  });
});
