import type { CallToolResult, McpServer, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { strategies } from '../../agents/strategy.ts';
import { TeelammaError } from '../../errors.ts';
import { agentOfArgument, forceAgentSchema } from '../agent-argument.ts';
import { decisionText, decisionView } from '../decision-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { Progress } from '../Progress.ts';
import { preview } from '../preview.ts';
import { fittingPart, resultSizeMeta } from '../result-size.ts';
import { runTaskSchema, type TaskView, taskText, taskView } from '../task-view.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';

const description = `Hands a self-contained software task to another model and returns its checked answer. Claude does it while the user's token budget lasts and the task needs it; otherwise a local Ollama model does it, at no cost. The budget is held before anything is sent, so it is never passed. A critic checks the answer (cut off, parts left out, code that does not parse, secrets), has it repaired, and asks the other model if that fails.

Use it for work that one text describes completely: write a function, tests or documentation, explain or translate code that you include, find an error in a text, write a commit message.

The worker sees nothing but \`task\`: not the conversation, not the files. Put in all it needs: the goal, the code, language and versions, what the answer must look like. It changes no files; you apply its answer.

The result: \`output\` (the answer), \`outcome\` (\`approved\`, or \`not-approved\` with \`issues\`: check those before use), who answered and why, tokens charged, and the budgets. A very long output is cut and \`fullOutputFile\` names a file with all of it. It takes seconds to minutes; cancelling is safe, and what was used by then is charged.`;

const inputSchema = z.strictObject({
  task: z.string().describe('The whole task as text, 1 byte to 1 MB, with everything the worker must know.'),
  forceAgent: forceAgentSchema,
  strategy: z
    .enum(strategies)
    .optional()
    .describe(
      'Who begins; leave out for what the user configured. budget-first: complex tasks Claude; local-first: Ollama, and Claude mends what the critic does not approve; claude-first: Claude. Always within the budget.',
    ),
  workspace: z
    .string()
    .optional()
    .describe('Not available in this version: leave it out, and put the needed text into task.'),
  dryRun: z.boolean().optional().describe('Only decide who would do it, and why; nothing is sent or spent.'),
});

type Arguments = z.infer<typeof inputSchema>;

/** `run_task`: does a task under the budget. */
export function registerRunTask(server: McpServer, ports: McpServerPorts): void {
  const config = {
    title: 'Do a task under the token budget',
    description,
    inputSchema,
    outputSchema: runTaskSchema,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    _meta: resultSizeMeta,
  };
  server.registerTool('run_task', config, async (given, context) => {
    try {
      if (given.workspace !== undefined) throw new WorkspaceNotAvailableError(given.workspace);
      const result = given.dryRun ? await decide(given, ports) : await run(given, ports, context);
      return { ...result, _meta: resultSizeMeta };
    } catch (error) {
      return toolError(error);
    }
  });
}

async function run(given: Arguments, ports: McpServerPorts, context: ServerContext): Promise<CallToolResult> {
  using progress = new Progress(context);
  const result = await ports.running.run(context.mcpReq.signal, (signal) =>
    ports.pipeline.executeTask(given.task, agentOfArgument(given.forceAgent), {
      signal,
      ...(given.strategy && { strategy: given.strategy }),
      onEvent: (event) => {
        progress.show(event);
        if (event.type === 'decision') ports.decisions.changed();
      },
    }),
  );
  const view = taskView(result);
  const fitting = await fitted(view, ports);
  return toolAnswer(taskText(fitting), fitting);
}

async function decide(given: Arguments, ports: McpServerPorts): Promise<CallToolResult> {
  const view = decisionView(await preview(given.task, given.forceAgent, ports, given.strategy));
  const text = `Dry run: nothing was sent or spent. It would be done by ${decisionText(view)}`;
  return toolAnswer(text, { outcome: 'dry-run', decision: view });
}

/** The answer with its output cut to what a client takes, and the whole of it on disk. */
async function fitted(view: TaskView, ports: McpServerPorts): Promise<TaskView> {
  const whole = view.output ?? '';
  const shown = fittingPart(whole);
  if (shown.length === whole.length) return view;
  const fullOutputFile = await ports.saveOutput(view.decision.taskId, whole);
  const note = `[cut after ${shown.length} of ${whole.length} characters; the whole text is in ${fullOutputFile}]`;
  return { ...view, output: `${shown}\n\n${note}`, fullOutputFile };
}

/** Never silently ignored: a client that names a folder expects its files to be read and changed. */
class WorkspaceNotAvailableError extends TeelammaError {
  constructor(workspace: string) {
    super(
      'invalid-argument',
      `run_task was given the workspace ${JSON.stringify(workspace)}, but tasks that read and change files are not available in this ` +
        'version; nothing was sent. Leave workspace out, put the text of the files that matter into task, and apply the answer yourself.',
    );
  }
}
