import { once } from 'node:events';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { dashboardOptions, dashboardPorts } from './dashboard-parts.ts';
import { openBrowser } from './open-browser.ts';

export interface ShowDashboardOptions {
  readonly port: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Serves the dashboard on loopback until a signal comes. */
export async function showDashboard(
  context: CliContext,
  { port: given, open = false, json = false }: ShowDashboardOptions,
): Promise<void> {
  const port = parseWholeNumber('--port', given, 0, 65_535);
  const { environment, signal } = context;
  const { createApp } = await import('../../app.ts');
  const { serveDashboard } = await import('../../dashboard/serve-dashboard.ts');
  await using app = await createApp({
    door: 'cli',
    environment,
    onWarning: (message) => writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  });
  await using server = await serveDashboard(
    { ...dashboardOptions(app), port },
    dashboardPorts(app, environment),
  );
  if (json) writeJson(context, { url: server.url });
  else writeLine(context, server.url);
  if (open) {
    const problem = await openBrowser(server.url);
    if (problem !== null) writeNote(context, problem);
  }
  if (!json) writeNote(context, 'Ctrl-C ends it.');
  if (!signal.aborted) await once(signal, 'abort');
  // A signal is the ordinary way to end a server.
  context.setExitCode(exitCodes.ok);
}
