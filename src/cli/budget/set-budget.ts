import { formatDuration } from '../../config/parse-duration.ts';
import { setBudgetLimit } from '../../config/set-budget-limit.ts';
import { amountText } from '../../messages/format-amount.ts';
import type { CliContext } from '../CliContext.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';

export interface SetBudgetOptions {
  readonly limit: string;
  readonly window: string | undefined;
  readonly json: boolean;
}

/** Writes the limit, and the window where one is given, into config.json. */
export function setBudget(context: CliContext, { limit, window, json }: SetBudgetOptions): void {
  const change = { limit, window, place: 'the command line' };
  const { limit: set, config, file, overrides, usefulAmount } = setBudgetLimit(context.environment, change);
  const { limitTokens: effective, counts, windowMs } = config.budget;
  if (json) {
    writeJson(context, {
      ...(set.unit ? { limitUsd: set.amount / 1e6 } : { limitTokens: set.amount }),
      ...(counts?.unit === 'micro-usd'
        ? { effectiveLimitUsd: effective / 1e6 }
        : { effectiveLimitTokens: effective }),
      windowMs,
      file,
      overrides,
    });
    return;
  }
  writeLine(context, `Limit set to ${amountText(set, set.amount)} per ${formatDuration(windowMs)}.`);
  for (const override of overrides) writeNote(context, context.errorStyle.yellow(override));
  if (usefulAmount !== null) {
    const hint = `Few calls need less than ${amountText(set, usefulAmount)}: nearly every task will go to Ollama.`;
    writeNote(context, context.errorStyle.yellow(hint));
  }
}
