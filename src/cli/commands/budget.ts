import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import { registerBudgetRecords } from './budget-records.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** `teelamma budget`: what is left of the tokens, and the limit itself. */
export function registerBudget(program: Command, context: CliContext): void {
  const budget = program
    .command('budget')
    .description('show the token budget; set its limit, reset it, see what used it')
    .option('--json', 'print one JSON document')
    .action(async (options: JsonOption) => {
      const { showBudget } = await import('../budget/show-budget.ts');
      await showBudget(context, { json: options.json === true });
    });
  budget
    .command('status', { isDefault: false })
    .description('show the token budget (the same as `teelamma budget`)')
    .option('--json', 'print one JSON document')
    .action(async (_options: JsonOption, command: Command) => {
      const { showBudget } = await import('../budget/show-budget.ts');
      await showBudget(context, { json: isJson(command) });
    });
  budget
    .command('set')
    .description('set the limit in config.json: 10000, 20k, 2M')
    .argument('<limit>', 'tokens that Claude may use per window')
    .option('--window <duration>', 'length of the window, from its first use: 30m, 5h, 7d')
    .option('--json', 'print one JSON document')
    // So that `budget set -5` is told what a limit is, and not that -5 is no option.
    .allowUnknownOption()
    .action(async (limit: string, options: { readonly window?: string }, command: Command) => {
      const { setBudget } = await import('../budget/set-budget.ts');
      await setBudget(context, { limit, window: options.window, json: isJson(command) });
    });
  budget
    .command('reset')
    .description('end the current window now, of one budget or of all; the next use starts a new one')
    .argument('[name]', 'name of the budget')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .action(async (name: string | undefined, options: { readonly yes?: boolean }, command: Command) => {
      const { resetBudget } = await import('../budget/reset-budget.ts');
      await resetBudget(context, { name, yes: options.yes === true, json: isJson(command) });
    });
  registerBudgetRecords(budget, context);
}

/** `--json` may stand before or after the subcommand's name. */
function isJson(command: Command): boolean {
  return command.optsWithGlobals<JsonOption>().json === true;
}
