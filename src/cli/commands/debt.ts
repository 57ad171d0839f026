import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** `teelamma debt`: what Ollama did because the budget was gone, and Claude's review of it. */
export function registerDebt(program: Command, context: CliContext): void {
  const debt = program
    .command('debt')
    .description('what Ollama did because the budget was gone; have Claude review it');
  debt
    .command('list', { isDefault: true })
    .description('list it, what the critic doubts most first')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false }: JsonOption) => {
      const { listDebts } = await import('../debt/list-debts.ts');
      listDebts(context, json);
    });
  debt
    .command('show')
    .description('show the task, the answer, and what was found')
    .argument('<id>', 'its id, or how that begins')
    .option('--json', 'print one JSON document')
    .action(async (id: string, { json = false }: JsonOption) => {
      const { showDebt } = await import('../debt/list-debts.ts');
      showDebt(context, id, json);
    });
  debt
    .command('review')
    .description('have Claude review one, or all that nobody has reviewed')
    .argument('[id]', 'its id, or how that begins')
    .option('--share <share>', 'most of the budget that reviews may use in a window, such as 20%')
    .option('--json', 'print one JSON document')
    .action(async (id: string | undefined, options: JsonOption & { readonly share?: string }) => {
      const { reviewDebts } = await import('../debt/review-debts.ts');
      await reviewDebts(context, id, options);
    });
  debt
    .command('drop')
    .description('forget one, with its answer')
    .argument('<id>', 'its id, or how that begins')
    .option('--json', 'print one JSON document')
    .action(async (id: string, { json = false }: JsonOption) => {
      const { dropDebt } = await import('../debt/list-debts.ts');
      dropDebt(context, id, json);
    });
}
