import type { AgentName } from '../agents/Specialist.ts';

/** `gen_ai.provider.name`; the conventions have no value for Ollama, so its own name is used, as they say. */
export function providerOf(agent: AgentName): string {
  return agent === 'claude-specialist' ? 'anthropic' : 'ollama';
}
