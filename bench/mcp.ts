/**
 * Latency of a `route_task` call over that of the SDK's own echo server, both in processes of their own, alternating call by call in one
 * run: over stdio, and over HTTP at revision 2026-07-28. Prints a table and, last, one line of JSON. Goal: the ratio of the medians is at
 * most 1.5.
 *
 *     npm run build && node bench/mcp.ts [--calls 1000]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const goal = 1.5;
const warmUpCalls = 300;
const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000' } } });
const calls = Number(values.calls);
if (!Number.isInteger(calls) || calls < 100) throw new Error('--calls must be a whole number from 100');

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const echo = fileURLToPath(new URL('mcp/echo-server.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'teelamma-bench-'));
const env = { PATH: process.env['PATH'] ?? '', HOME: home, TEELAMMA_HOME: home };
const task = 'Refactor the session store so that sessions survive a restart, and migrate what is there';
const children: ChildProcess[] = [];

interface Target {
  readonly client: Client;
  readonly tool: string;
  readonly timesMs: number[];
}

try {
  const rows = [];
  for (const transport of ['stdio', 'http'] as const) {
    const targets: readonly Target[] = [
      { client: await connect(transport, [echo]), tool: 'echo', timesMs: [] },
      { client: await connect(transport, [main, 'mcp']), tool: 'route_task', timesMs: [] },
    ];
    for (let round = -warmUpCalls; round < calls; round += 1) {
      for (const target of targets) {
        const tookMs = await call(target);
        if (round >= 0) target.timesMs.push(tookMs);
      }
    }
    for (const { client } of targets) await client.close();
    const [base, ours] = targets.map(({ timesMs }) => summary(timesMs));
    if (!base || !ours) throw new Error('There are two targets');
    rows.push({ transport, tool: 'echo', ...base, ratio: 1 });
    rows.push({ transport, tool: 'route_task', ...ours, ratio: rounded(ours.medianMs / base.medianMs) });
  }
  console.table(rows);
  const ratios = Object.fromEntries(
    rows.filter(({ tool }) => tool === 'route_task').map(({ transport, ratio }) => [transport, ratio]),
  );
  const met = Object.values(ratios).every((ratio) => ratio <= goal);
  console.log(JSON.stringify({ bench: 'mcp', node: process.version, calls, rows, ratios, goal, met }));
} finally {
  for (const child of children) child.kill('SIGTERM');
  rmSync(home, { recursive: true, force: true });
}

async function connect(transport: 'stdio' | 'http', args: readonly string[]): Promise<Client> {
  const options = { versionNegotiation: { mode: { pin: '2026-07-28' } as const } };
  const client = new Client({ name: 'bench', version: '1.0.0' }, options);
  if (transport === 'stdio') {
    const command = { command: process.execPath, args: [...args], env, stderr: 'ignore' as const };
    await client.connect(new StdioClientTransport(command));
  } else {
    await client.connect(new StreamableHTTPClientTransport(new URL(await startHttp(args))));
  }
  return client;
}

/** Starts a server over HTTP; both say on stderr where they listen. */
function startHttp(args: readonly string[]): Promise<string> {
  const more = args[0] === main ? ['--http', '--port', '0'] : ['--http'];
  const child = spawn(process.execPath, [...args, ...more], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let written = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written += text;
      const url = /listening on (\S+)\n/.exec(written)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error(`A server ended: ${written}`)));
  });
}

async function call({ client, tool }: Target): Promise<number> {
  const startedMs = performance.now();
  const result = await client.callTool({ name: tool, arguments: { task } });
  const tookMs = performance.now() - startedMs;
  if (result.isError) throw new Error(`${tool} failed: ${JSON.stringify(result)}`);
  return tookMs;
}

function summary(timesMs: readonly number[]) {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number) => rounded(sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN);
  return { medianMs: at(0.5), p10Ms: at(0.1), p90Ms: at(0.9), p99Ms: at(0.99) };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
