/**
 * An hour of 256 streams at a time, compressed: as many requests as that many clients make in an hour, without their pauses, with faults
 * of the upstream at 5 % and clients that leave at 2 %. `npm run torture:gateway`.
 *
 *     node --expose-gc test/torture/gateway-load.ts [--streams 256] [--requests 60000] [--limit 20000000]
 */
import { parseArgs } from 'node:util';
import { loadGateway } from './gateway/load.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '256' },
    requests: { type: 'string', default: '60000' },
    limit: { type: 'string', default: '20000000' },
    seed: { type: 'string', default: '1' },
  },
});
const startedAt = performance.now();
const report = await loadGateway({
  streams: Number(values.streams),
  requests: Number(values.requests),
  limit: Number(values.limit),
  faults: 0.05,
  seed: Number(values.seed),
});
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`);
