import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { createMcpPorts } from '../../src/mcp-server/create-ports.ts';
import { serveMcpHttp } from '../../src/mcp-server/serve-http.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { installPackage } from './install-package.ts';
import { runProgram } from './run-program.ts';

const version = '2.12.0';
const command = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** Each tool with arguments that it can be called with. */
const calls: Readonly<Record<string, readonly string[]>> = {
  run_task: ['task=Say hello in French'],
  route_task: ['task=Refactor the session store and migrate its data'],
  budget_status: [],
  budget_history: ['limit=5'],
};

interface CallResult {
  readonly isError?: boolean;
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

/** The official inspector's command line lists every tool, finds no fault with their schemas, and calls each, over stdio and HTTP. */
export async function testInspector(log: (line: string) => void): Promise<void> {
  await using installed = await installPackage('@modelcontextprotocol/inspector', version);
  if (installed.folder === null) {
    log(`SKIPPED: the MCP inspector ${version} could not be installed: ${installed.problem}`);
    return;
  }
  const program = join(installed.folder, 'node_modules/.bin/mcp-inspector');
  await using installation = await startInstallation();
  const app = await installation.open();
  const options = { host: '127.0.0.1', port: 0, onProblem: () => undefined };
  await using server = await serveMcpHttp(options, createMcpPorts(app));
  const targets: ReadonlyArray<readonly [string, readonly string[]]> = [
    ['stdio', [process.execPath, command, 'mcp', ...environmentArguments(installation)]],
    ['HTTP', [server.url]],
  ];
  for (const [transport, target] of targets) {
    const inspect = (method: string, ...more: readonly string[]) =>
      runInspector([program, '--cli', ...target, '--method', method, ...more], installed.folder);
    const { tools } = (await inspect('tools/list', '--strict')) as {
      readonly tools: ReadonlyArray<{ readonly name: string }>;
    };
    assert.deepEqual(tools.map(({ name }) => name).sort(), Object.keys(calls).sort());
    for (const [name, args] of Object.entries(calls)) {
      const words = args.flatMap((argument) => ['--tool-arg', argument]);
      const result = (await inspect('tools/call', '--tool-name', name, ...words)) as CallResult;
      assert.ok(!result.isError && result.structuredContent, `${name} failed: ${JSON.stringify(result)}`);
      log(`passed: ${name} over ${transport}`);
    }
  }
}

async function runInspector(args: readonly string[], home: string): Promise<unknown> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, MCP_INSPECTOR_SECRET_STORE: 'memory' };
  const { exitCode, stdout, stderr } = await runProgram(args, { cwd: home, env });
  assert.equal(exitCode, 0, `${args.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as unknown;
}

/** The inspector hands nothing of its own environment to the servers it starts. */
function environmentArguments({ environment }: Installation): string[] {
  return Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}
