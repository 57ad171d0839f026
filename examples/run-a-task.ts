import { createApp } from 'claude-teelamma';

const app = await createApp({ simulate: process.argv.includes('--simulate') });
try {
  const result = await app.pipeline.executeTask('Write a debounce function in TypeScript', undefined, {
    onEvent: (event) => {
      if (event.type === 'handover') process.stderr.write(`${event.handover.reason}\n`);
    },
  });
  process.stdout.write(`${result.output}\n`);
  process.stderr.write(
    `${result.agent}: ${result.verdict.outcome}, ${result.chargedTokens} tokens charged\n`,
  );
} finally {
  await app[Symbol.asyncDispose]();
}
