import { realpathSync, statSync } from 'node:fs';
import { loadConfig } from '../../config/load-config.ts';
import type { CheckReport } from '../../workspace/checks/CheckReport.ts';
import { type ChecksFile, readChecksFile } from '../../workspace/checks/checks-file.ts';
import { ProjectChecks } from '../../workspace/checks/ProjectChecks.ts';
import { createTrustStore, type TrustStore } from '../../workspace/checks/trust-store.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';

export interface ChecksOptions {
  readonly run?: boolean;
  /** True and false where one of the two flags was given. */
  readonly trust?: boolean;
  readonly sandbox: boolean;
  readonly json?: boolean;
}

/** Shows, trusts or runs the checks of a workspace. With `run`, the exit code says whether all of them pass. */
export async function showChecks(context: CliContext, folder: string, options: ChecksOptions): Promise<void> {
  const workspaceFolder = resolveFolder(folder);
  const { config } = loadConfig(context.environment);
  const store = createTrustStore(config.paths.trustFile);
  const own = readChecksFile(workspaceFolder);
  if (options.trust !== undefined) changeTrust(context, workspaceFolder, own, store, options.trust);

  const { commands, timeoutMs, memoryBytes } = config.checks;
  const checks = new ProjectChecks(
    {
      sandbox: options.sandbox ? config.checks.sandbox : 'none',
      commands,
      limits: { timeMs: timeoutMs, memoryBytes },
      path: context.environment['PATH'] ?? '',
      home: context.environment['HOME'] ?? '/',
    },
    { isTrusted: (key) => store.isTrusted(key) },
  );
  const found = checks.detect(workspaceFolder);
  const sandbox = await checks.sandbox();
  const report = options.run ? await checks.run({ workspaceFolder, changes: [] }, context.signal) : null;
  if (report && (report.ran.length === 0 || report.issues.length > 0))
    context.setExitCode(exitCodes.notApproved);
  const sandboxText = sandbox.found
    ? sandbox.sandbox.description
    : `none: ${sandbox.why}; ${sandbox.howToGetOne}`;
  if (options.json) {
    const listed = found.checks.map(({ name, kind, argv }) => ({ name, kind, command: argv.join(' ') }));
    writeJson(context, {
      workspaceFolder,
      sandbox: sandboxText,
      checks: listed,
      skipped: found.skipped,
      report,
    });
    return;
  }
  writeLine(context, `sandbox  ${sandboxText}`);
  if (report) writeReport(context, report);
  else {
    for (const { name, kind } of found.checks) writeLine(context, `${kind.padEnd(7)}  ${name}`);
    for (const { name, why } of found.skipped) writeLine(context, `skipped  ${name}: ${why}`);
    if (found.checks.length + found.skipped.length === 0)
      writeLine(context, `No check was found in ${workspaceFolder}.`);
  }
}

function resolveFolder(folder: string): string {
  try {
    const resolved = realpathSync(folder);
    if (statSync(resolved).isDirectory()) return resolved;
  } catch {
    // As below.
  }
  throw new InvalidArgumentError(`There is no folder ${folder}; name the folder of a project.`);
}

function changeTrust(
  context: CliContext,
  folder: string,
  own: ChecksFile | null,
  store: TrustStore,
  isTrusted: boolean,
): void {
  if (own === null)
    throw new InvalidArgumentError(
      `There is no teelamma.checks.json in ${folder}, so there is nothing to trust.`,
    );
  store.setTrusted(own.trustKey, isTrusted);
  writeNote(
    context,
    isTrusted
      ? `Trusted, as long as the file stays as it is: ${own.commands.join('; ')}`
      : 'Trusted no more.',
  );
}

function writeReport(context: CliContext, report: CheckReport): void {
  const { style } = context;
  for (const { name, outcome, durationMs } of report.ran) {
    const mark = outcome === 'passed' ? style.green('passed ') : style.red('FAILED ');
    writeLine(context, `${mark}  ${name} (${(durationMs / 1000).toFixed(1)} s)`);
  }
  for (const { message } of report.issues)
    writeLine(context, `         ${message.replaceAll('\n', '\n         ')}`);
  for (const { name, why } of report.skipped) writeLine(context, `skipped  ${name}: ${why}`);
  if (report.ran.length === 0) writeLine(context, 'No check was run.');
}
