import { loadConfig } from '../../config/load-config.ts';
import { defaultBudgetName } from '../../config/parse-budgets.ts';
import { amountText } from '../../messages/format-amount.ts';
import type { CliContext } from '../CliContext.ts';
import { confirm } from '../confirm.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { statusDocument } from './status-document.ts';

export interface ResetBudgetOptions {
  /** Default: every budget. */
  readonly name?: string | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Ends the current window of a budget, or of all, after asking; without a terminal only with --yes. */
export async function resetBudget(
  context: CliContext,
  { name, yes, json }: ResetBudgetOptions,
): Promise<void> {
  const loaded = loadConfig(context.environment);
  const names = [defaultBudgetName, ...loaded.config.budgets.map((budget) => budget.name)];
  if (name !== undefined && !names.includes(name)) {
    throw new InvalidArgumentError(`There is no budget "${name}". Configured: ${names.join(', ')}.`);
  }
  if (!yes && !(context.isTerminal.stdin && context.isTerminal.stderr)) {
    throw new InvalidArgumentError('Nobody can be asked here; add --yes to reset the budget.');
  }
  const { openBudget, openLedger, openOverview } = await import('../../app.ts');
  await using ledger = await openLedger(loaded.config);
  // The same tokens count in several budgets, so they are not added up.
  const named = (await ledger.status()).filter((budget) => name === undefined || budget.name === name);
  const most = (unit?: 'micro-usd') => {
    const used = named.filter((budget) => budget.unit === unit).map(({ settledTokens }) => settledTokens);
    return used.length === 0 ? [] : [amountText(unit ? { unit } : {}, Math.max(...used))];
  };
  const used = [...most(), ...most('micro-usd')].join(' and ') || amountText({}, 0);
  const question = `Forget ${used} used and start a new window? [y/N] `;
  if (!yes && !(await confirm(context, question))) {
    if (json) writeJson(context, { reset: false, ...statusDocument(await ledger.status(), loaded) });
    else writeNote(context, 'Nothing was changed.');
    return;
  }
  const warn = (message: string) => writeNote(context, message);
  await using budget = await openBudget(loaded.config, ledger, warn);
  await using _overview = await openOverview(loaded.config, ledger, warn);
  const { resetBudgets } = await import('../../state/reset-budgets.ts');
  await resetBudgets({ ledger, budget }, name);
  if (json) {
    writeJson(context, { reset: true, ...statusDocument(await ledger.status(), loaded) });
    return;
  }
  const [first] = (await ledger.status()).filter((one) => name === undefined || one.name === name);
  const remaining = amountText(first ?? {}, first?.remainingTokens ?? 0);
  writeLine(context, `Budget${name === undefined ? '' : ` ${name}`} reset: ${remaining} remain.`);
}
