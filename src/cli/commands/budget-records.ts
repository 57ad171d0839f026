import { type Command, Option } from 'commander';
import type { ShowUsageOptions } from '../budget/show-usage.ts';
import type { CliContext } from '../CliContext.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** The commands below `budget` that look at what is recorded: history, forecast, replay, reconcile, export. */
export function registerBudgetRecords(budget: Command, context: CliContext): void {
  budget
    .command('history')
    .description('list model calls and what they used, newest first; with --by: sums')
    .option(
      '--by <dimensions>',
      'sums by one or two of hour, day, agent, model, project, kind, door, user: day,agent',
    )
    .option('--since <when>', 'only the last 30m, 24h, 7d, or from a day on: 2026-10-31')
    .option('--limit <count>', 'at most so many calls (default: 20; not with --by)')
    .addOption(new Option('--agent <agent>', 'only one specialist').choices(['claude', 'ollama']))
    .option('--model <model>', 'with --by: only one model')
    .option('--project <name>', 'with --by: only one project')
    .option('--kind <kind>', 'with --by: only one kind, such as complex')
    .option('--door <door>', 'with --by: only what came by cli, mcp, gateway or library')
    .option('--user <name>', 'with --by: only one user')
    .option('--csv', 'with --by: comma-separated values')
    .option('--json', 'print one JSON document')
    .action(async (options: HistoryFlags, command: Command) => {
      const { by, limit, ...rest } = options;
      const json = isJson(command);
      if (json && rest.csv) throw new InvalidArgumentError('Give --csv or --json, not both.');
      if (by !== undefined) {
        if (limit !== undefined)
          throw new InvalidArgumentError('--limit counts calls; with --by there are sums. Leave one out.');
        const { showUsage } = await import('../budget/show-usage.ts');
        return showUsage(context, { ...rest, by, json });
      }
      const lost = (['model', 'project', 'kind', 'door', 'user', 'csv'] as const).find(
        (one) => rest[one] !== undefined,
      );
      if (lost)
        throw new InvalidArgumentError(
          `--${lost} needs --by, such as --by day. Calls one by one as CSV: teelamma budget export.`,
        );
      const { showHistory } = await import('../budget/show-history.ts');
      return showHistory(context, { ...rest, limit: limit ?? '20', json });
    });
  budget
    .command('forecast')
    .description('say when each budget ends at the present pace')
    .option('--json', 'print one JSON document')
    .action(async (_options: JsonOption, command: Command) => {
      const { showForecast } = await import('../budget/show-forecast.ts');
      await showForecast(context, { json: isJson(command) });
    });
  budget
    .command('replay')
    .description('run what is recorded against other limits, and say what would have stayed on Claude')
    .requiredOption('--limit <limits>', 'tokens per window, one or several: 20k or 10k,20k,50k')
    .option('--window <duration>', 'length of the window: 5h, 24h, 7d (default: that of the budget)')
    .option('--since <when>', 'only the last 24h, 30d, or from a day on', '30d')
    .option('--json', 'print one JSON document')
    .action(async (options: ReplayFlags, command: Command) => {
      const { showReplay } = await import('../budget/show-replay.ts');
      await showReplay(context, { ...options, json: isJson(command) });
    });
  budget
    .command('reconcile')
    .description("compare the gateway's calls with Claude Code's own transcripts")
    .option('--claude-home <folder>', "Claude Code's folder (default: CLAUDE_CONFIG_DIR, else ~/.claude)")
    .option('--since <when>', 'only the last 24h, 7d, or from a day on', '7d')
    .option('--json', 'print one JSON document')
    .action(async (options: ReconcileFlags, command: Command) => {
      const { showDrift } = await import('../reconcile/show-drift.ts');
      await showDrift(context, { ...options, json: isJson(command) });
    });
  budget
    .command('export')
    .description('write turns, tasks or windows as CSV or JSON, newest first')
    .addOption(new Option('--format <format>', 'form').choices(['csv', 'json', 'jsonl']).default('csv'))
    .addOption(
      new Option('--what <what>', 'which records').choices(['turns', 'tasks', 'windows']).default('turns'),
    )
    .option('--since <when>', 'only the last 24h, 7d, or from a day on')
    .option('--output <file>', 'write into a file, which appears when it is whole')
    .option('--json', 'the same as --format json')
    .action(async (options: ExportFlags, command: Command) => {
      const { exportLedger } = await import('../budget/export-ledger.ts');
      await exportLedger(context, isJson(command) ? { ...options, format: 'json' } : options);
    });
}

interface HistoryFlags extends Partial<Omit<ShowUsageOptions, 'json'>> {
  readonly limit?: string;
}

interface ReplayFlags {
  readonly limit: string;
  readonly window?: string;
  readonly since: string;
}

interface ReconcileFlags {
  readonly claudeHome?: string;
  readonly since: string;
}

interface ExportFlags {
  readonly format: 'csv' | 'json' | 'jsonl';
  readonly what: 'turns' | 'tasks' | 'windows';
  readonly since?: string;
  readonly output?: string;
}

/** `--json` may stand before or after the subcommand's name. */
function isJson(command: Command): boolean {
  return command.optsWithGlobals<JsonOption>().json === true;
}
