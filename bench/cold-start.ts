/**
 * Cold start of the built `teelamma budget --json` over `node -e 0`, alternating in the same run, in a fresh home with a ledger that is
 * there already; and of `teelamma statusline`, which Claude Code runs after every message, beside a program of one line that reads its
 * input and writes a line, the least that a status line in Node can take. Prints a table and, last, one line of JSON.
 * Goals: the ratio of the medians stays under 2, that of the status line under 1.5.
 *
 *     npm run build && node bench/cold-start.ts [--runs 30]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const goal = 2;
const statusLineGoal = 1.5;
const { values } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 20) throw new Error('--runs must be a whole number from 20');

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'teelamma-bench-'));
const commands = {
  'node -e 0': ['-e', '0'],
  'node, read and write': ['-e', "console.log(require('node:fs').readFileSync(0, 'utf8').length)"],
  'teelamma --version': [main, '--version'],
  'teelamma statusline': [main, 'statusline'],
  'teelamma budget --json': [main, 'budget', '--json'],
} as const;
/** As Claude Code 2.1 sends it, shortened. */
const sessionJson = JSON.stringify({
  model: { id: 'claude-opus-5-5', display_name: 'Opus 5.5' },
  workspace: { project_dir: home },
  context_window: { used_percentage: 8 },
  rate_limits: { five_hour: { used_percentage: 23, resets_at: Math.floor(Date.now() / 1_000) + 3_600 } },
});
type Name = keyof typeof commands;
const names = Object.keys(commands) as Name[];

try {
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  // Writes the files that the status line reads.
  start([main, 'budget', 'reset', '--yes']);
  // The first two rounds fill the compile cache and the page cache, and make the ledger.
  for (let round = -2; round < runs; round += 1) {
    for (const name of names) {
      const tookMs = start(commands[name]);
      if (round >= 0) times.get(name)?.push(tookMs);
    }
  }
  const rows = names.map((name) => summary(name, times.get(name) ?? []));
  const baseMs = rows[0]?.medianMs ?? Number.NaN;
  const ratios = rows.map((row) => ({ ...row, ratio: rounded(row.medianMs / baseMs) }));
  console.table(Object.fromEntries(ratios.map(({ name, ...figures }) => [name, figures])));
  const ratioOf = (name: Name) => ratios.find((row) => row.name === name)?.ratio ?? Number.NaN;
  const ratio = ratioOf('teelamma budget --json');
  const statusLineRatio = ratioOf('teelamma statusline');
  console.log(
    JSON.stringify({
      bench: 'cold-start',
      node: process.version,
      runs,
      rows: ratios,
      ratio,
      goal,
      statusLineRatio,
      statusLineGoal,
      met: ratio < goal && statusLineRatio < statusLineGoal,
    }),
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}

function start(commandLine: readonly string[]): number {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TEELAMMA_HOME: home, TMPDIR: home };
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, commandLine, {
    env,
    encoding: 'utf8',
    input: sessionJson,
  });
  const tookMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${commandLine.join(' ')} ended with ${status}: ${stderr}`);
  return tookMs;
}

function summary(name: Name, timesMs: readonly number[]) {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN);
  return { name, medianMs: at(0.5), p10Ms: at(0.1), p90Ms: at(0.9), minMs: at(0), maxMs: at(1) };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
