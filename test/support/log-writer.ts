/**
 * A process of its own that writes entries as fast as it can, then ends without any care: `node log-writer.ts
 * '{"folder", "name", "count", "maxFileBytes", "maxFiles"}'`. Prints how many were recorded, every 100.
 */
import { writeSync } from 'node:fs';
import { createDecisionLog } from '../../src/logging/create-decision-log.ts';

const { folder, name, count, maxFileBytes, maxFiles } = JSON.parse(process.argv[2] ?? '{}');
const log = createDecisionLog(
  { folder, level: 'info', prompts: 'full', maxFileBytes, maxFiles },
  {
    nowMs: Date.now,
    onProblem: (problem) => {
      throw new Error(problem);
    },
  },
);
for (let index = 0; index < count; index += 1) {
  const padding = 'ü'.repeat((index * 37) % 700);
  log.record({ agent: 'critic', action: 'review', input: { id: `${name}-${index}` }, output: { padding } });
  if (index % 100 === 99) writeSync(1, `${index + 1}\n`);
}
process.exit(0);
