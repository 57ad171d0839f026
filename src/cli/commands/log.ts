import { type Command, Option } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { ShowLogOptions } from '../log/show-log.ts';

/** `teelamma log`: what was decided and done, and why. */
export function registerLog(program: Command, context: CliContext): void {
  program
    .command('log')
    .description('show decisions and actions, newest last; follow them as they happen')
    .option('-a, --agent <agent>', 'only this agent: claude, ollama, critic, meta-coordinator, ledger, ...')
    .option('--action <action>', 'only this action: route, answer, review, handover, threshold, ...')
    .option('-t, --task <id>', 'only this task; the start of its id is enough')
    .option('--since <duration>', 'only the last 30m, 2h, 7d')
    .addOption(
      new Option('--level <level>', 'only this level and above').choices(['debug', 'info', 'warn', 'error']),
    )
    .option('-n, --limit <count>', 'at most so many', '50')
    .option('-f, --follow', 'go on with new ones until interrupted (Ctrl-C ends it with exit code 0)')
    .option('--json', 'print one JSON document; with --follow one JSON line an entry')
    .action(async (options: ShowLogOptions) => {
      const { showLog } = await import('../log/show-log.ts');
      await showLog(context, options);
    });
}
