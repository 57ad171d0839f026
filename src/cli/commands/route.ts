import type { Command } from 'commander';
import { agentOption } from '../agent-option.ts';
import type { CliContext } from '../CliContext.ts';
import type { RouteOptions } from '../route/show-route.ts';
import { strategyOption } from '../strategy-option.ts';

/** `teelamma route`: the decision that `run` would take, and why. */
export function registerRoute(program: Command, context: CliContext): void {
  program
    .command('route')
    .description('show who would do a task, and why; nothing is spent')
    .argument('[task...]', 'the task; - or nothing reads it from stdin')
    .option('-f, --file <file>', 'read the task from a file')
    .addOption(agentOption('decide as if this specialist were forced'))
    .addOption(strategyOption())
    .option('--json', 'print one JSON document')
    .action(async (words: string[], options: RouteOptions) => {
      const { showRoute } = await import('../route/show-route.ts');
      await showRoute(context, words, options);
    });
}
