import type { MessageParam, MessagesRequest } from '../messages/types.ts';
import type { WorkspaceTools } from '../workspace/WorkspaceTools.ts';

const system =
  'You are a careful software engineer who works on a project through tools. Paths are relative to its root. Look before you change: ' +
  'find and read what matters, in as few calls as do, several in one answer where they do not depend on each other. Do the whole task ' +
  'and nothing beside it, in the style of the code that is there. Write code out in full; never leave parts out or put a placeholder in ' +
  'their place. Put code into files by the tools, not into your answer. You cannot run commands; what you change is checked and then ' +
  'applied for you. When the work is done, answer without calling a tool: say in a few sentences what you changed and why, and what is left open.';

/** The request for one turn of a task in a workspace, in Messages form; `model` is the specialist's own. */
export function workspaceRequest(
  messages: readonly MessageParam[],
  maxTokens: number,
  tools: WorkspaceTools['definitions'],
): MessagesRequest {
  return {
    model: '',
    max_tokens: maxTokens,
    system,
    messages: [...messages],
    tools: tools.map((tool) => ({ ...tool, input_schema: { ...tool.input_schema } })),
  };
}
