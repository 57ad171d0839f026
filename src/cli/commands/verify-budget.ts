import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { VerifyBudgetOptions } from '../verify-budget/verify-budget.ts';

const details = `
The audit reads the ledger, changes nothing and disturbs nobody. The test needs no provider and spends nothing; it runs in temporary
folders, about 15 seconds.

Exit codes: 0 everything holds; 5 something does not, and what to do is said.`;

/** `teelamma verify-budget`: whether the budget holds, on this installation. */
export function registerVerifyBudget(program: Command, context: CliContext): void {
  program
    .command('verify-budget')
    .description('audit the ledger, then race and kill processes on scratch ledgers, and say what held')
    .option('--quick', 'a shorter test, some seconds')
    .option('--runs <n>', 'how many times processes are killed (default: 20)')
    .option('--processes <n>', 'how many race on one budget, 2 to 64 (default: 8)')
    .option('--seed <n>', 'of the random numbers (default: by the time)')
    .option('--audit-only', 'the audit without the test')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (options: VerifyBudgetOptions) => {
      const { verifyBudget } = await import('../verify-budget/verify-budget.ts');
      await verifyBudget(context, options);
    });
}
