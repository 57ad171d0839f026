import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

const argsSchema = z.object({
  task: z.string().describe('What is to be handed over'),
  agent: z
    .string()
    .optional()
    .describe('claude or ollama, to force one; leave it out to let the budget decide'),
});

/** `delegate`: tells the client's model how to hand a task over well. */
export function registerDelegate(server: McpServer): void {
  const config = {
    title: 'Delegate a task',
    description: 'Hand a task to run_task with everything the worker needs, and check what comes back',
    argsSchema,
  };
  server.registerPrompt('delegate', config, ({ task, agent }) => ({
    description: 'Delegate a task under the token budget',
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: promptText(task, agent) } }],
  }));
}

function promptText(task: string, agent: string | undefined): string {
  const force =
    agent === 'claude' || agent === 'ollama'
      ? `Set \`forceAgent\` to "${agent}".`
      : 'Leave `forceAgent` out, so that the budget decides.';
  return `Delegate this with the tool \`run_task\`:

<task>
${task}
</task>

0. Is it a change to files of this project? Then call \`run_task\` with \`workspace\` (the project's absolute path): the worker reads and edits them itself, so say what to reach and where to look, and skip step 1. Add \`apply: true\` only where the user wants the files changed without a look at the diff.
1. Read what the task needs (files, signatures, versions, examples) and put it into \`task\` word for word: the worker sees nothing else. Say what the answer must look like, for instance one fenced block per file, each with its path before it.
2. Call \`run_task\` once. ${force}
3. If \`outcome\` is \`not-approved\`, read \`issues\` and judge whether the answer can be mended. Do not call again with the same text.
4. Check the answer as you would a colleague's, apply it, and say who did it and how many tokens were charged.`;
}
