/**
 * Checks the ledger's protocol in full: `npm run verify`. Every state of the model that two and three processes can reach, whatever the order of
 * their steps and wherever they crash; then each rule broken on purpose, with the shortest schedule that shows it; then schedules of the
 * model on the product's own SQLite ledger. Exit code 1 where anything does not hold.
 *
 *     node test/verify/verify.ts [--schedules 2000] [--seed n]
 */
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/verify/random.ts';
import { checkProtocol } from './check-protocol.ts';
import { configurations, mutated, mutations } from './configurations.ts';
import type { Mutation } from './protocol.ts';
import { describeStep, randomSchedule, replay } from './replay.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const seed = Number(values.seed);
let failures = 0;
const say = (line: string) => process.stdout.write(`${line}\n`);
const total = { states: 0, transitions: 0, schedules: 0n };

say('Every state that can be reached:');
for (const [name, protocol] of Object.entries(configurations)) {
  const startedAtMs = performance.now();
  const found = checkProtocol(protocol);
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  total.states += found.states;
  total.transitions += found.transitions;
  total.schedules += found.schedules;
  say(
    `  ${name}: ${count(found.states)} states, ${count(found.transitions)} steps between them, ${count(found.schedules)} schedules, up to ${found.depth} steps deep (${seconds} s)`,
  );
  if (found.counterexample) {
    failures += 1;
    say(`  BROKEN: ${found.counterexample.broken}`);
    for (const step of found.counterexample.steps) say(`    ${describeStep(step)}`);
  }
}
say(
  `  in all ${count(total.states)} states, ${count(total.transitions)} steps, ${count(total.schedules)} schedules`,
);

say('\nEach rule broken on purpose must be noticed:');
for (const [mutation, words] of Object.entries(mutations) as [Mutation, string][]) {
  const { counterexample } = checkProtocol(mutated(mutation));
  say(`  ${words}: ${counterexample ? `noticed, ${counterexample.broken}` : 'NOT NOTICED'}`);
  if (!counterexample) failures += 1;
  for (const step of counterexample?.steps ?? []) say(`    ${describeStep(step)}`);
}

const replayed = Object.values(configurations).filter(({ cuts }) => !cuts);
const schedules = Number(values.schedules);
const random = createRandom(seed);
let steps = 0;
for (let n = 0; n < schedules; n += 1) {
  const protocol = replayed[n % replayed.length];
  if (!protocol) break;
  const schedule = randomSchedule(protocol, random);
  steps += schedule.length;
  const difference = await replay(protocol, schedule);
  if (difference === null) continue;
  failures += 1;
  say(`\nThe ledger does not do what the model says: ${difference}`);
  for (const [step] of schedule) say(`    ${describeStep(step)}`);
  break;
}
say(
  `\n${count(schedules)} schedules (${count(steps)} steps) of the model run on the SQLite ledger, seed ${seed}.`,
);
say(failures === 0 ? 'Everything held.' : `${failures} things did not hold.`);
process.exitCode = failures === 0 ? 0 : 1;

function count(value: number | bigint): string {
  return value.toLocaleString('en-US');
}
