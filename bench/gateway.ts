/**
 * The gateway against bare relays, in one run on loopback before the same fake upstream: requests per second, time to first byte, chunks
 * per second of streams, CPU per request and memory, each as a ratio to a bare node:http pipe in the same round. Relays, upstream and
 * load are processes of their own. Prints a table and, last, one line of JSON.
 *
 *     node bench/gateway.ts [--rounds 5] [--ms 1500] [--connections 32] [--only small,large,stream,many] [--peers FOLDER]
 *
 * `--peers`: a folder where `npm install @musistudio/claude-code-router @portkey-ai/gateway` was run; what is in it is measured too.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LoadResult, load } from './gateway/load.ts';
import { installedPeers, type PeerName, startPeer } from './gateway/peers.ts';

const ownKinds = ['direct', 'http', 'undici', 'gateway', 'ollama'] as const;
type Kind = (typeof ownKinds)[number] | PeerName;

interface Relay {
  readonly url: string;
  readonly child: ChildProcess | null;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Scenario {
  readonly name: string;
  readonly bodyBytes: number;
  readonly isStream: boolean;
  readonly connections: number;
  readonly deltas: number;
  readonly pauseMs: number;
}

interface Row {
  readonly requestsPerSecond: number;
  readonly chunksPerSecond: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  readonly cpuMsPerRequest: number;
  readonly rssMegabytes: number;
  readonly failures: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1500' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string', default: 'small,large,stream,many' },
    peers: { type: 'string' },
  },
});
const connections = Number(values.connections);
const peers = installedPeers(values.peers);
const kinds: readonly Kind[] = [...ownKinds, ...peers];
const scenarios: readonly Scenario[] = [
  { name: 'small', bodyBytes: 1_000, isStream: false, connections, deltas: 50, pauseMs: 0 },
  { name: 'large', bodyBytes: 100_000, isStream: false, connections, deltas: 50, pauseMs: 0 },
  { name: 'stream', bodyBytes: 1_000, isStream: true, connections, deltas: 200, pauseMs: 0 },
  { name: 'many', bodyBytes: 1_000, isStream: true, connections: 256, deltas: 100, pauseMs: 20 },
].filter(({ name }) => values.only.split(',').includes(name));

const report: Record<string, Record<string, unknown>> = {};
for (const scenario of scenarios) report[scenario.name] = await measure(scenario);
process.stdout.write(`${JSON.stringify({ bench: 'gateway', node: process.version, connections, report })}\n`);

async function measure(scenario: Scenario): Promise<Record<string, unknown>> {
  const home = mkdtempSync(join(tmpdir(), 'teelamma-bench-'));
  const upstream = await start('upstream.ts', [String(scenario.deltas), String(scenario.pauseMs)], home);
  const relays = new Map<Kind, Relay>();
  relays.set('direct', { url: upstream.url, child: null });
  for (const peer of peers) {
    relays.set(peer, await startPeer(peer, values.peers ?? '.', upstream.url, join(home, peer)));
  }
  for (const kind of ownKinds.slice(1)) {
    const isGateway = kind === 'gateway' || kind === 'ollama';
    const relay = isGateway
      ? await startGateway(upstream.url, kind === 'ollama' ? '1' : '1000000000000', join(home, kind))
      : await start('relay.ts', [kind, upstream.url], join(home, kind));
    relays.set(kind, relay);
  }
  const rows = new Map<Kind, Row[]>(kinds.map((kind) => [kind, []]));
  try {
    const body = bodyOf(scenario);
    for (let round = -1; round < Number(values.rounds); round += 1) {
      for (const [kind, { url, child, headers }] of relays) {
        const durationMs = round < 0 ? 400 : Number(values.ms);
        const before = usageOf(child);
        const result = await load({ url, body, headers, connections: scenario.connections, durationMs });
        const after = usageOf(child);
        if (round >= 0) rows.get(kind)?.push(rowOf(result, before, after));
      }
    }
  } finally {
    for (const { child } of relays.values()) child?.kill('SIGKILL');
    upstream.child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
  return print(scenario, rows);
}

function bodyOf({ bodyBytes, isStream }: Scenario): string {
  const request = (text: string) =>
    JSON.stringify({
      model: 'claude-sonnet-5-5',
      max_tokens: 1_024,
      stream: isStream,
      system: [{ type: 'text', text: 'You are a bench.' }],
      messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    });
  return request('Some words, "quoted"\n'.repeat(Math.max(1, Math.round((bodyBytes - 180) / 24))));
}

async function start(file: string, given: string[], home: string) {
  const child = fork(join(import.meta.dirname, 'gateway', file), given, {
    env: { ...process.env, TEELAMMA_HOME: home, NODE_NO_WARNINGS: '1' },
  });
  const [message] = await once(child, 'message');
  return { child, url: `http://127.0.0.1:${(message as { port: number }).port}` };
}

/** The built command, as a user runs it: ledger, log and the JSON mirror on disk, in a fresh home. */
async function startGateway(upstreamUrl: string, limit: string, home: string) {
  const command = join(import.meta.dirname, '../dist/cli/main.js');
  const child = spawn(process.execPath, [command, 'serve', '--port', '0'], {
    env: {
      ...process.env,
      TEELAMMA_HOME: home,
      TEELAMMA_BUDGET: limit,
      TEELAMMA_CLAUDE_URL: upstreamUrl,
      OLLAMA_HOST: upstreamUrl,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: line.toString().trim().replace('ANTHROPIC_BASE_URL=', '') };
}

interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
}

/** CPU and memory of a relay's process as Linux counts them; 0 on other systems. */
function usageOf(child: ChildProcess | null): Usage {
  if (child === null || process.platform !== 'linux') return { cpuMs: 0, rss: 0 };
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime in ticks of 10 ms, rss in pages of 4 KiB (proc_pid_stat(5)).
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rss: Number(fields[21]) * 4_096 };
}

function rowOf(result: LoadResult, before: Usage, after: Usage): Row {
  return {
    requestsPerSecond: result.requests / result.seconds,
    chunksPerSecond: result.chunks / result.seconds,
    firstByteP50Ms: percentile(result.firstByteMs, 0.5),
    firstByteP99Ms: percentile(result.firstByteMs, 0.99),
    cpuMsPerRequest: (after.cpuMs - before.cpuMs) / Math.max(1, result.requests),
    rssMegabytes: after.rss / 1024 / 1024,
    failures: result.failures,
  };
}

function print(scenario: Scenario, rows: ReadonlyMap<Kind, readonly Row[]>): Record<string, unknown> {
  const base = rows.get('http') ?? [];
  const lines = [
    `\n${scenario.name}: ${scenario.connections} connections, ${scenario.bodyBytes} B bodies, ${scenario.isStream ? `streams of ${scenario.deltas} deltas` : 'whole answers'}`,
    '| relay | req/s | ratio (spread) | chunks ratio | first byte p50 ms (ratio) | p99 ms | CPU ms | RSS MB | failures |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  const summary: Record<string, unknown> = {};
  for (const [kind, measured] of rows) {
    const ratios = (of: (row: Row) => number) =>
      measured.map((row, round) => of(row) / of(base[round] as Row));
    const rate = ratios((row) => row.requestsPerSecond);
    const entry = {
      requestsPerSecond: round(median(measured.map((row) => row.requestsPerSecond)), 0),
      ratio: round(median(rate), 2),
      ratioSpread: [round(Math.min(...rate), 2), round(Math.max(...rate), 2)],
      chunksRatio: round(median(ratios((row) => row.chunksPerSecond)), 2),
      firstByteP50Ms: round(median(measured.map((row) => row.firstByteP50Ms)), 2),
      firstByteRatio: round(median(ratios((row) => row.firstByteP50Ms)), 2),
      firstByteP99Ms: round(median(measured.map((row) => row.firstByteP99Ms)), 1),
      cpuMsPerRequest: round(median(measured.map((row) => row.cpuMsPerRequest)), 3),
      rssMegabytes: round(Math.max(...measured.map((row) => row.rssMegabytes)), 0),
      failures: measured.reduce((sum, row) => sum + row.failures, 0),
    };
    summary[kind] = entry;
    lines.push(
      `| ${kind} | ${entry.requestsPerSecond} | ${entry.ratio} (${entry.ratioSpread.join('-')}) | ${entry.chunksRatio} | ${entry.firstByteP50Ms} (${entry.firstByteRatio}) | ${entry.firstByteP99Ms} | ${entry.cpuMsPerRequest} | ${entry.rssMegabytes} | ${entry.failures} |`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return summary;
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
