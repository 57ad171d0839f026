/**
 * Runs one task under the budget of this installation and shows what it cost. `npm run example` runs it on the simulators.
 */
import { createApp } from 'claude-teelamma';

const simulate = process.argv.includes('--simulate');
const app = await createApp({ simulate });
try {
  const result = await app.pipeline.executeTask('Write a debounce function in TypeScript', undefined, {
    onEvent: (event) => {
      if (event.type === 'decision') process.stderr.write(`${event.decision.targetAgent}: ${event.decision.reason}\n`);
    },
  });
  process.stdout.write(`${result.output}\n`);
  process.stderr.write(`${result.verdict.outcome}, ${result.chargedTokens} tokens of the budget\n`);
} finally {
  await app[Symbol.asyncDispose]();
}
