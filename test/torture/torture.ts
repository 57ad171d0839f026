/**
 * The long form of the tests that race and kill processes: `node test/torture/torture.ts [--runs 200] [--reservations 1000]
 * [--seed n]`. Prints a report with its seed as JSON; exit code 1 where anything was lost or the limit was passed.
 */
import { parseArgs } from 'node:util';
import { killRun } from '../../src/verify/kill-run.ts';
import { race } from '../../src/verify/race.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    reservations: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const seed = Number(values.seed);
const runs = Number(values.runs);

const raced = await race(8, Number(values.reservations), seed);
const total = { killed: 0, acknowledgedSettles: 0, assumedTurns: 0, releasedTokens: 0 };
const problems = [...raced.problems];
for (let run = 0; run < runs; run += 1) {
  const report = await killRun(seed + run * 1_000);
  total.killed += report.processes;
  total.acknowledgedSettles += report.acknowledgedSettles;
  total.assumedTurns += report.assumedTurns;
  total.releasedTokens += report.releasedTokens;
  problems.push(
    ...report.problems.map((problem) => `kill run ${run} (seed ${seed + run * 1_000}): ${problem}`),
  );
  if ((run + 1) % 20 === 0)
    process.stderr.write(`${run + 1} of ${runs} kill runs, ${problems.length} problems\n`);
}
process.stdout.write(
  `${JSON.stringify({ seed, race: raced, kills: { runs, ...total }, problems }, null, 2)}\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
