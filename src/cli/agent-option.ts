import { Option } from 'commander';
import type { AgentName } from '../agents/Specialist.ts';

/** What a user may call the specialists on the command line. */
export type AgentFlag = 'claude' | 'ollama';

/** `--agent claude|ollama`. */
export function agentOption(description: string): Option {
  return new Option('-a, --agent <agent>', description).choices(['claude', 'ollama']);
}

export function agentName(flag: AgentFlag | undefined): AgentName | undefined {
  return flag && `${flag}-specialist`;
}
