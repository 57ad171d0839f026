/**
 * Mutated requests and mutated streams through the gateway: `npm run torture:gateway`. A seed repeats a run.
 *
 *     node test/torture/gateway-fuzz.ts [--count 10000] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { fuzzBodies, fuzzStreams } from './gateway/fuzz.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const seed = Number(values.seed);
for (const [name, fuzz] of [['bodies', fuzzBodies] as const, ['streams', fuzzStreams] as const]) {
  const startedAt = performance.now();
  const report = await fuzz(count, seed);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  process.stdout.write(`${name}: ${JSON.stringify({ ...report, seed, seconds })}\n`);
}
