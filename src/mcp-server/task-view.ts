import * as z from 'zod';
import { pricesAsOf } from '../config/prices/price-table.ts';
import type { TaskResult } from '../task-events.ts';
import { budgetSchema, budgetText, budgetView } from './budget-view.ts';
import { decisionSchema, decisionText, decisionView } from './decision-view.ts';
import { fileSchema } from './workspace/files-view.ts';

const agent = z.enum(['claude-specialist', 'ollama-specialist']);

/** What `run_task` gives back. With `dryRun` there are only `outcome` and `decision`. */
export const runTaskSchema = z.object({
  outcome: z.enum(['approved', 'not-approved', 'dry-run']).describe('what the critic says of the output'),
  output: z.string().optional().describe('the answer'),
  fullOutputFile: z
    .string()
    .optional()
    .describe('absolute path of the whole output, where `output` had to be cut'),
  workspace: z.string().optional().describe('the folder that the task worked in'),
  files: z.array(fileSchema).optional().describe('what the task changed'),
  filesLeftOut: z
    .number()
    .int()
    .optional()
    .describe('files for which there was no room; fullDiffFile has them'),
  fullDiffFile: z.string().optional().describe('absolute path of the whole diff; `git apply` takes it'),
  applied: z.boolean().optional().describe('whether the files of the workspace are changed now'),
  whyNotApplied: z.string().optional(),
  agent: agent.optional().describe('who gave the answer'),
  model: z.string().optional(),
  issues: z
    .array(z.object({ severity: z.enum(['error', 'warning']), message: z.string() }))
    .optional()
    .describe('what the critic found'),
  chargedTokens: z.number().int().optional().describe('Claude tokens that this task used, all turns'),
  costUsd: z.number().nullable().optional().describe('their list price; null where it is not known'),
  pricesAsOf: z.string().optional().describe('day of the price table'),
  turns: z
    .array(
      z.object({
        agent,
        model: z.string(),
        purpose: z.enum(['answer', 'repair', 'escalation', 'review']),
        inputTokens: z.number().int(),
        outputTokens: z.number().int(),
        chargedTokens: z.number().int(),
      }),
    )
    .optional(),
  handovers: z.array(z.object({ from: agent, to: agent, reason: z.string() })).optional(),
  warnings: z.array(z.string()).optional(),
  decision: decisionSchema,
  budgets: z.array(budgetSchema).optional(),
});

export type TaskView = z.infer<typeof runTaskSchema>;

/** A task's result in the terms of `runTaskSchema`. */
export function taskView(result: TaskResult): TaskView {
  return {
    outcome: result.verdict.outcome === 'approved' ? 'approved' : 'not-approved',
    output: result.output,
    agent: result.agent,
    model: result.model,
    issues: result.verdict.issues.map(({ severity, message }) => ({ severity, message })),
    chargedTokens: result.chargedTokens,
    costUsd: result.costUsd,
    pricesAsOf,
    turns: result.turns.map((turn) => ({
      agent: turn.agent,
      model: turn.model,
      purpose: turn.purpose,
      inputTokens:
        turn.usage.inputTokens + turn.usage.cacheCreationInputTokens + turn.usage.cacheReadInputTokens,
      outputTokens: turn.usage.outputTokens,
      chargedTokens: turn.chargedTokens,
    })),
    handovers: result.handovers.map(({ from, to, reason }) => ({ from, to, reason })),
    warnings: [...result.warnings],
    decision: decisionView(result.decision),
    budgets: result.budgets.map(budgetView),
  };
}

/** The same as text: the answer first, then everything else that the view says. */
export function taskText(view: TaskView): string {
  const { agent: author, model, outcome, chargedTokens = 0, decision } = view;
  const lines = [
    `${author} (${model}) answered; ${outcome === 'approved' ? 'the critic approved it' : 'THE CRITIC DID NOT APPROVE IT'}. ` +
      `${chargedTokens} Claude tokens charged, ${decision.estimatedTokens} were estimated.${costText(view)}`,
    ...(view.issues ?? []).map(({ severity, message }) => `${severity}: ${message}`),
    ...(view.warnings ?? []).map((warning) => `Warning: ${warning}`),
    ...(view.handovers ?? []).map(({ from, to, reason }) => `Handover from ${from} to ${to}: ${reason}`),
    ...(view.turns ?? []).map(turnText),
    `Decision: ${decisionText(decision)}`,
    ...(view.budgets ?? []).map(budgetText),
    ...workspaceLines(view),
    ...(view.fullOutputFile === undefined ? [] : [`Whole output: ${view.fullOutputFile}`]),
  ];
  const diffs = (view.files ?? []).map(({ diff }) => diff).join('');
  return `${view.output ?? ''}\n\n---\n${diffs === '' ? '' : `${diffs}---\n`}${lines.join('\n')}`;
}

function workspaceLines(view: TaskView): string[] {
  const { workspace, files = [], filesLeftOut = 0, fullDiffFile, applied, whyNotApplied } = view;
  if (workspace === undefined) return [];
  return [
    applied ? `Applied to ${workspace}.` : `${workspace} is unchanged. ${whyNotApplied ?? ''}`.trimEnd(),
    ...files.map(({ status, path }) => `${status} ${path}`),
    ...(filesLeftOut > 0 ? [`${filesLeftOut} more files are in the whole diff.`] : []),
    ...(fullDiffFile === undefined ? [] : [`Whole diff: ${fullDiffFile}`]),
  ];
}

function costText({ costUsd }: TaskView): string {
  if (costUsd === undefined) return '';
  if (costUsd === null) return ' Their price is not known.';
  return ` Their list price is $${costUsd}, by prices as of ${pricesAsOf}.`;
}

function turnText(turn: NonNullable<TaskView['turns']>[number], index: number): string {
  const { purpose, agent: author, model, inputTokens, outputTokens, chargedTokens } = turn;
  return `Turn ${index + 1} (${purpose}): ${author}, ${model}, ${inputTokens} tokens in, ${outputTokens} out, ${chargedTokens} charged.`;
}
