import * as z from 'zod';
import type { AgentName } from '../agents/Specialist.ts';

/** How clients name the specialists; left out, the task and the budget decide. */
export const forceAgentSchema = z
  .enum(['claude', 'ollama'])
  .optional()
  .describe(
    'Leave out unless the user named one. "claude" may pass the budget (recorded as overdraft), "ollama" spends no Claude token.',
  );

export type AgentArgument = 'claude' | 'ollama';

/** The specialist that is meant. */
export function agentOfArgument(argument: AgentArgument | undefined): AgentName | undefined {
  return argument && `${argument}-specialist`;
}
