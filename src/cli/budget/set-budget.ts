import { existsSync } from 'node:fs';
import type { Config } from '../../config/Config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { setBudgetLimit } from '../../config/set-budget-limit.ts';
import { TeelammaError } from '../../errors.ts';
import { amountText } from '../../messages/format-amount.ts';
import type { CliContext } from '../CliContext.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';

export interface SetBudgetOptions {
  readonly limit: string;
  readonly window: string | undefined;
  readonly json: boolean;
}

/** Writes the limit, and the window where one is given, into config.json. */
export async function setBudget(
  context: CliContext,
  { limit, window, json }: SetBudgetOptions,
): Promise<void> {
  const change = { limit, window, place: 'the command line' };
  const { limit: set, config, file, overrides, usefulAmount } = setBudgetLimit(context.environment, change);
  await refreshCopies(context, config);
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

/**
 * Writes the copies that the status line and other programs read, where there are any, with the new limit. Where the ledger cannot be used
 * just now, its next use does it; a team's ledger is not waited for.
 */
async function refreshCopies(context: CliContext, config: Config): Promise<void> {
  if (config.ledger.url !== undefined || !existsSync(config.paths.overviewFile)) return;
  const { openBudget, openLedger, openOverview } = await import('../../app.ts');
  const warn = (message: string) => writeNote(context, context.errorStyle.yellow(message));
  try {
    await using ledger = await openLedger(config, context.environment);
    await using budget = await openBudget(config, ledger, warn);
    await using overview = await openOverview(config, ledger, warn, context.environment);
    await budget.save();
    await overview.save();
  } catch (error) {
    if (!(error instanceof TeelammaError)) throw error;
    warn(`The limit is set. ${error.message}`);
  }
}
