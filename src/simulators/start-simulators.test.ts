import { expect, it } from 'vitest';
import { startClaudeSimulator } from './start-claude-simulator.ts';
import { startSimulators } from './start-simulators.ts';

it('starts both simulators, and ends both', async () => {
  const simulators = await startSimulators();
  const urls = [`${simulators.claude.url}/`, `${simulators.ollama.url}/api/version`];
  for (const url of urls) expect((await fetch(url, { method: 'HEAD' })).ok).toBe(true);
  await simulators[Symbol.asyncDispose]();
  for (const url of urls) await expect(fetch(url)).rejects.toThrow();
});

it('starts neither where the port of one is taken', async () => {
  await using other = await startClaudeSimulator();
  const first = await startClaudeSimulator();
  const { port } = first;
  await first.close();
  const starting = startSimulators({ claude: { port }, ollama: { port: other.port } });
  await expect(starting).rejects.toMatchObject({ code: 'port-taken' });
  await using again = await startClaudeSimulator({ port });
  expect(again.port).toBe(port);
});
