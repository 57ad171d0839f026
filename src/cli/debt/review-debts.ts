import { parseShare } from '../../config/parse-share.ts';
import type { DebtEntry } from '../../pipeline/debt/DebtEntry.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { debtDocument, findings } from './list-debts.ts';

/** Has Claude review one debt, or all that are not reviewed yet, what is doubted most first, until the share is used. */
export async function reviewDebts(
  context: CliContext,
  id: string | undefined,
  { share: given, json = false }: { readonly share?: string; readonly json?: boolean },
): Promise<void> {
  const share = given === undefined ? undefined : parseShare(given);
  if (share === null || share === 0) {
    throw new InvalidArgumentError(
      `--share is "${given}"; give a share above 0 up to 100 %, such as 20% or 0.2.`,
    );
  }
  const { createApp } = await import('../../app.ts');
  await using app = await createApp({
    door: 'cli',
    environment: context.environment,
    telemetry: 'variables',
    onWarning: (message) => writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  });
  const wanted =
    id === undefined ? app.debts.list().filter(({ review }) => review === null) : [app.debts.find(id)];
  const reviewed: DebtEntry[] = [];
  let problem: string | null = null;
  for (const entry of wanted) {
    const result = await app.debtReviewer.review(entry, share ?? app.config.debt.share, context.signal);
    if (!result.reviewed) {
      problem = result.reason;
      break;
    }
    reviewed.push(result.entry);
    if (json) continue;
    const [first = ''] = entry.task.trim().split('\n');
    writeLine(context, context.style.bold(`${entry.taskId.slice(0, 8)}  ${first.replace(/\p{Cc}/gu, '')}`));
    for (const line of findings(result.entry)) writeLine(context, line);
    writeLine(context);
  }
  if (problem !== null && reviewed.length === 0) context.setExitCode(exitCodes.budgetRefused);
  const left = wanted.length - reviewed.length;
  if (json) writeJson(context, { reviewed: reviewed.map(debtDocument), left, problem });
  else if (problem !== null) writeNote(context, `${left} not reviewed. ${problem}`);
  else if (wanted.length === 0) writeNote(context, 'There is nothing to review.');
}
