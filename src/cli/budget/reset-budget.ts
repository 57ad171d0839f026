import { loadConfig } from '../../config/load-config.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { CliContext } from '../CliContext.ts';
import { confirm } from '../confirm.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { statusDocument } from './status-document.ts';

export interface ResetBudgetOptions {
  readonly yes: boolean;
  readonly json: boolean;
}

/** Ends the budget's current window, after asking; without a terminal only with --yes. */
export async function resetBudget(context: CliContext, { yes, json }: ResetBudgetOptions): Promise<void> {
  if (!yes && !(context.isTerminal.stdin && context.isTerminal.stderr)) {
    throw new InvalidArgumentError('Nobody can be asked here; add --yes to reset the budget.');
  }
  const loaded = loadConfig(context.environment);
  const { openBudget, openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(loaded.config);
  const used = (await ledger.status()).reduce((sum, { settledTokens }) => sum + settledTokens, 0);
  const question = `Forget ${formatTokens(used)} used tokens and start a new window? [y/N] `;
  if (!yes && !(await confirm(context, question))) {
    if (json) writeJson(context, { reset: false, ...statusDocument(await ledger.status(), loaded) });
    else writeNote(context, 'Nothing was changed.');
    return;
  }
  await using budget = await openBudget(loaded.config, ledger, (message) => writeNote(context, message));
  await budget.reset();
  if (json) {
    writeJson(context, { reset: true, ...statusDocument(await ledger.status(), loaded) });
    return;
  }
  writeLine(context, `Budget reset: ${formatTokens(budget.getRemaining())} tokens remain.`);
}
