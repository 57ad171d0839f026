/**
 * Uses the budget and the router alone: the caller asks Claude itself, and reports what it used.
 */
import { createApp, type TokenUsage } from 'claude-teelamma';

const app = await createApp({ simulate: process.argv.includes('--simulate') });
try {
  const decision = await app.coordinator.route(
    'Refactor the session store to use Redis, with tests and a migration',
  );
  process.stdout.write(`${decision.targetAgent}: ${decision.reason}\n`);
  if (decision.targetAgent === 'claude-specialist') {
    await app.coordinator.settle(decision, await askClaudeYourself());
  }
  const [budget] = await app.ledger.status();
  process.stdout.write(`used ${budget?.settledTokens}, remaining ${budget?.remainingTokens}\n`);
} finally {
  await app[Symbol.asyncDispose]();
}

/** Stands for a call with a client of your own; it returns what Claude reported. */
async function askClaudeYourself(): Promise<TokenUsage> {
  return { inputTokens: 420, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens: 180 };
}
