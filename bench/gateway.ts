/**
 * The gateway against bare relays, in one run on loopback before the same fake upstream: requests per second, time to first byte, chunks
 * per second of streams, CPU per request and memory, each as a ratio to a bare node:http pipe in the same round. Relays, upstream and
 * load are processes of their own. Prints a table and, last, one line of JSON.
 *
 *     node bench/gateway.ts [--rounds 5] [--ms 1500] [--connections 32] [--only small,large,stream,many]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LoadResult, load } from './gateway/load.ts';

const kinds = ['direct', 'http', 'undici', 'gateway', 'ollama'] as const;
type Kind = (typeof kinds)[number];

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
  },
});
const connections = Number(values.connections);
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
  const relays = new Map<Kind, { readonly url: string; readonly child: ChildProcess | null }>();
  relays.set('direct', { url: upstream.url, child: null });
  for (const kind of kinds.slice(1)) {
    relays.set(kind, await start('relay.ts', [kind, upstream.url], join(home, kind)));
  }
  const rows = new Map<Kind, Row[]>(kinds.map((kind) => [kind, []]));
  try {
    const body = bodyOf(scenario);
    for (let round = -1; round < Number(values.rounds); round += 1) {
      for (const [kind, { url, child }] of relays) {
        const durationMs = round < 0 ? 400 : Number(values.ms);
        const before = await usageOf(child);
        const result = await load({ url, body, connections: scenario.connections, durationMs });
        const after = await usageOf(child);
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

interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
}

async function usageOf(child: ChildProcess | null): Promise<Usage> {
  if (child === null) return { cpuMs: 0, rss: 0 };
  const answer = once(child, 'message');
  child.send('measure');
  const [{ cpu, rss }] = (await answer) as [{ cpu: NodeJS.CpuUsage; rss: number }];
  return { cpuMs: (cpu.user + cpu.system) / 1_000, rss };
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
