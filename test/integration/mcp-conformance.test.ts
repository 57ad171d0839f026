import { beforeAll, describe, expect, it } from 'vitest';
import conformance from '../../node_modules/@modelcontextprotocol/conformance/package.json' with {
  type: 'json',
};
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { scenarios } from '../support/conformance-scenarios.ts';
import { startConformanceServer } from '../support/conformance-server.ts';
import { startInstallation } from '../support/installation.ts';
import { runConformance, type ScenarioResult } from '../support/run-conformance.ts';

const revisions = ['2025-06-18', '2025-11-25', '2026-07-28'] as const;
type Results = ReadonlyMap<string, ScenarioResult>;

const product = new Map<string, Results>();
const fixtures = new Map<string, Results>();

beforeAll(async () => {
  await using installation = await startInstallation();
  const app = await installation.open();
  const options = { host: '127.0.0.1', port: 0, onProblem: () => undefined };
  await using server = await serveMcpHttp(options, createMcpPorts(app));
  await using fixtureServer = await startConformanceServer();
  for (const revision of revisions) {
    product.set(revision, await runConformance(server.url, revision));
    fixtures.set(revision, await runConformance(fixtureServer.url, revision));
  }
}, 110_000);

describe.each(revisions)('conformance with revision %s', (revision) => {
  const resultsOn = (where: Map<string, Results>) => where.get(revision) ?? new Map<string, ScenarioResult>();

  it('knows what every scenario of the suite needs', () => {
    const names = [...resultsOn(product).keys()];
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !(name in scenarios))).toEqual([]);
  });

  it.each([
    ['teelamma mcp --http', product, ['product']],
    ['the fixtures on its transport', fixtures, ['product', 'fixtures']],
  ])('%s passes every scenario that applies', (_name, where, needs) => {
    const applying = [...resultsOn(where)].filter(([name]) => needs.includes(scenarios[name]?.on ?? ''));
    expect(applying.length).toBeGreaterThan(5);
    expect(
      applying.flatMap(([name, { problems }]) => problems.map((problem) => `${name}: ${problem}`)),
    ).toEqual([]);
    expect(applying.filter(([, { passed }]) => passed === 0).map(([name]) => name)).toEqual([]);
  });
});

it('is what docs/mcp-conformance.md says', async () => {
  await expect(table()).toMatchFileSnapshot('../../docs/mcp-conformance.md');
});

function table(): string {
  const rows = Object.entries(scenarios).map(([name, need]) => {
    const cells = revisions.map((revision) => {
      const result = (need.on === 'product' ? product : fixtures).get(revision)?.get(name);
      if (!result) return '-';
      if (need.on === 'nothing') return 'n/a';
      return result.failed === 0 ? `passed (${result.passed})` : `FAILED (${result.failed})`;
    });
    const where = { product: 'both', fixtures: 'fixtures', nothing: 'not applicable' }[need.on];
    return `| ${name} | ${where} | ${cells.join(' | ')} | ${need.on === 'nothing' ? need.reason : ''} |`;
  });
  return `# Conformance of the MCP server

Written by \`test/integration/mcp-conformance.test.ts\`, which runs the official suite (@modelcontextprotocol/conformance
${conformance.version}) with every test run and fails where this table is not what it saw. \`npx vitest run -u
test/integration/mcp-conformance.test.ts\` writes it anew.

Scenarios that need nothing in particular run on \`teelamma mcp --http\` itself and on the fixtures (\`both\`). Most of the suite asks for
tools, resources and prompts of its own by name; those run on the fixtures (\`test/support/conformance-server.ts\`): the same transport, sessions
and checks with the suite's tools in place of this project's. In brackets: the number of checks. \`-\`: the revision does not have it.
The suite's scenarios of the extensions \`skills\` and \`tasks\` are left out, because this server does not offer them.

| scenario | run on | ${revisions.join(' | ')} | why not |
| --- | --- | ${revisions.map(() => '---').join(' | ')} | --- |
${rows.join('\n')}
`;
}
