import type { TaskSetting } from '../agents/MetaCoordinator.ts';
import type { RoutingDecision } from '../agents/routing-decision.ts';
import { checkTask } from '../pipeline/check-task.ts';
import { type AgentArgument, agentOfArgument } from './agent-argument.ts';
import type { McpServerPorts } from './McpServerPorts.ts';

/**
 * The decision that a task would get now; nothing is sent, spent or held.
 * @throws InvalidTaskError, ForcedNotAllowedError
 */
export async function preview(
  task: string,
  forceAgent: AgentArgument | undefined,
  { coordinator }: McpServerPorts,
  setting: TaskSetting = {},
): Promise<RoutingDecision> {
  checkTask(task);
  return coordinator.preview(task, agentOfArgument(forceAgent), setting);
}
