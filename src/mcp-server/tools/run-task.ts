import type { CallToolResult, McpServer, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { TeelammaError } from '../../errors.ts';
import type { ExecuteOptions } from '../../pipeline.ts';
import type { TaskResult } from '../../task-events.ts';
import { agentOfArgument, forceAgentSchema } from '../agent-argument.ts';
import { decisionText, decisionView } from '../decision-view.ts';
import type { McpServerPorts } from '../McpServerPorts.ts';
import { Progress } from '../Progress.ts';
import { preview } from '../preview.ts';
import { fittingPart, resultSizeMeta } from '../result-size.ts';
import { strategySchema } from '../strategy-argument.ts';
import { runTaskSchema, type TaskView, taskText, taskView } from '../task-view.ts';
import { toolAnswer, toolError } from '../tool-answer.ts';
import { chooseWorkspace } from '../workspace/choose-workspace.ts';
import { fittingFiles } from '../workspace/files-view.ts';
import { runInWorkspace } from '../workspace/run-in-workspace.ts';
import type { WorkspacePlace } from '../workspace/WorkspacePlace.ts';

const description = `Hands a software task to another model and returns its checked result. Claude does it while the user's token budget lasts and the task needs it; otherwise a local Ollama model does it, at no cost. The budget is held before anything is sent, so it is never passed. A critic checks the result (cut off, parts left out, code that does not parse, secrets, the project's own checks), has it repaired, and asks the other model if that fails.

Without \`workspace\`: for what one text describes completely. The worker sees nothing but \`task\`: put in the goal, the code, language and versions, what the answer must look like. You apply its answer.

With \`workspace\`, the absolute path of a project: the worker reads, searches and edits its files; name the goal and where to look. Changes are staged. Only with \`apply: true\`, and only what the critic approves, are they written: all files or none; \`teelamma undo\` takes them back. Else read \`files\`.

The result: \`output\` (the answer), \`outcome\` (\`approved\`, or \`not-approved\` with \`issues\`: check those before use), \`files\` (path, status, diff), \`applied\`, who answered and why, tokens charged, and the budgets. What is long is cut: \`fullOutputFile\` and \`fullDiffFile\` name files with all of it. It takes seconds to minutes; cancelling is safe, changes no file, and what was used by then is charged.`;

const inputSchema = z.strictObject({
  task: z.string().describe('The whole task as text, 1 byte to 1 MB, with everything the worker must know.'),
  forceAgent: forceAgentSchema,
  strategy: strategySchema,
  workspace: z
    .string()
    .optional()
    .describe('Absolute path of the folder whose files the task is about; in a root of the client.'),
  apply: z
    .boolean()
    .optional()
    .describe('With workspace: write what the critic approves to the files. Default false: only show it.'),
  dryRun: z.boolean().optional().describe('Only decide who would do it, and why; nothing is sent or spent.'),
});

type Arguments = z.infer<typeof inputSchema>;

/** `run_task`: does a task under the budget. */
export function registerRunTask(server: McpServer, ports: McpServerPorts, place: WorkspacePlace): void {
  const config = {
    title: 'Do a task under the token budget',
    description,
    inputSchema,
    outputSchema: runTaskSchema,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    _meta: resultSizeMeta,
  };
  server.registerTool('run_task', config, async (given, context) => {
    try {
      const { workspace, apply } = given;
      if (apply !== undefined && workspace === undefined) throw new NothingToApplyError();
      if (given.dryRun) return withSize(await decide(given, ports));
      if (workspace === undefined) return withSize(await run(given, ports, context));
      const choice = chooseWorkspace(workspace, server, context, place);
      if (!choice.chosen) return choice.question;
      return withSize(await runOnFiles(given, choice.folder, { ...ports, place }, context));
    } catch (error) {
      return toolError(error);
    }
  });
}

function withSize(result: CallToolResult): CallToolResult {
  return { ...result, _meta: resultSizeMeta };
}

async function run(given: Arguments, ports: McpServerPorts, context: ServerContext): Promise<CallToolResult> {
  using progress = new Progress(context);
  const result = await ports.running.run(context.mcpReq.signal, (signal) =>
    execute(given, { signal }, progress, ports),
  );
  const view = await fitted(taskView(result), ports);
  return toolAnswer(taskText(view), view);
}

/** Of the room of a result, what an answer has beside the diffs: it is a few sentences as a rule. */
const outputRoomBesideDiffs = 20_000;

async function runOnFiles(
  given: Arguments,
  folder: string,
  ports: McpServerPorts & { readonly place: WorkspacePlace },
  context: ServerContext,
): Promise<CallToolResult> {
  using progress = new Progress(context);
  const { task, apply = false } = given;
  const outcome = await ports.running.run(context.mcpReq.signal, (signal) =>
    runInWorkspace(
      { task, folder, apply, signal },
      (workspace) => execute(given, { signal, workspace }, progress, ports),
      ports,
    ),
  );
  const { result, application, recovered } = outcome;
  const { files, leftOut } = fittingFiles(result.files);
  const plain = await fitted(taskView(result), ports, outputRoomBesideDiffs);
  const view: TaskView = {
    ...plain,
    warnings: [...recovered, ...(plain.warnings ?? [])],
    workspace: outcome.folder,
    files: [...files],
    ...(leftOut > 0 && { filesLeftOut: leftOut }),
    ...(files.length > 0 && {
      fullDiffFile: await ports.saveOutput(
        result.taskId,
        result.files.map(({ diff }) => diff).join(''),
        'diff',
      ),
    }),
    applied: application.applied,
    ...(!application.applied && { whyNotApplied: application.whyNot }),
  };
  return toolAnswer(taskText(view), view);
}

function execute(
  { task, forceAgent, strategy }: Arguments,
  options: Pick<ExecuteOptions, 'signal' | 'workspace'>,
  progress: Progress,
  ports: McpServerPorts,
): Promise<TaskResult> {
  return ports.pipeline.executeTask(task, agentOfArgument(forceAgent), {
    ...options,
    ...(strategy && { strategy }),
    onEvent: (event) => {
      progress.show(event);
      if (event.type === 'decision') ports.decisions.changed();
    },
  });
}

async function decide(given: Arguments, ports: McpServerPorts): Promise<CallToolResult> {
  const { workspace, strategy } = given;
  const setting = { inWorkspace: workspace !== undefined, strategy };
  const view = decisionView(await preview(given.task, given.forceAgent, ports, setting));
  const text = `Dry run: nothing was sent or spent. It would be done by ${decisionText(view)}`;
  return toolAnswer(text, { outcome: 'dry-run', decision: view });
}

/** The answer with its output cut to what a client takes, and the whole of it on disk. */
async function fitted(view: TaskView, ports: McpServerPorts, room?: number): Promise<TaskView> {
  const whole = view.output ?? '';
  const shown = fittingPart(whole, room);
  if (shown.length === whole.length) return view;
  const fullOutputFile = await ports.saveOutput(view.decision.taskId, whole);
  const note = `[cut after ${shown.length} of ${whole.length} characters; the whole text is in ${fullOutputFile}]`;
  return { ...view, output: `${shown}\n\n${note}`, fullOutputFile };
}

class NothingToApplyError extends TeelammaError {
  constructor() {
    super(
      'invalid-argument',
      'run_task was given apply without workspace, so there are no files to apply anything to; nothing was sent. Name the folder in workspace, or leave apply out.',
    );
  }
}
