import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { NotifyOptions } from '../notify/notify.ts';

const details = `
Without an option it says where thresholds and handovers are told. docs/notifications.md has the settings.

Examples:
  $ teelamma config set notifications.desktop true
  $ teelamma config set notifications.webhookUrl https://example.com/hooks/teelamma
  $ teelamma notify --test`;

/** `teelamma notify`: where notifications go, and whether they arrive. */
export function registerNotify(program: Command, context: CliContext): void {
  program
    .command('notify')
    .description('where thresholds and handovers are told: terminal, desktop, webhook')
    .option('--test', 'send a test to each of them, and say what came of it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (options: NotifyOptions) => {
      const { notify } = await import('../notify/notify.ts');
      await notify(context, options);
    });
}
