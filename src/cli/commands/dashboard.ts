import type { Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import type { ShowDashboardOptions } from '../dashboard/show-dashboard.ts';

const details = `
It serves this machine alone. From another: ssh -L 7435:127.0.0.1:7435 <machine>.
\`teelamma serve\` has the same page at its own address, while the gateway has no keys. docs/dashboard.md has the rest.`;

/** `teelamma dashboard`: budgets, usage and decisions in a browser, live. */
export function registerDashboard(program: Command, context: CliContext): void {
  program
    .command('dashboard')
    .description('show budgets, usage and decisions in a browser, live')
    .option('--port <port>', 'port to listen on, on loopback; 0 for any free one', '7435')
    .option('--open', 'open it in the browser')
    .option('--json', 'print the address as one JSON document')
    .addHelpText('after', details)
    .action(async (options: ShowDashboardOptions) => {
      const { showDashboard } = await import('../dashboard/show-dashboard.ts');
      await showDashboard(context, options);
    });
}
