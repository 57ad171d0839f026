import { messageOf, TeelammaError } from '../errors.ts';
import { type CliContext, columnsOf } from './CliContext.ts';
import { exitCodeOf } from './exit-codes.ts';
import { writeJson, writeNote } from './output.ts';
import { printable } from './printable.ts';
import { wrapText } from './wrap-text.ts';

/** Tells the user why a command failed: one line on stderr, or with --json one document on stdout. TEELAMMA_DEBUG=1 adds the stack. */
export function reportError(context: CliContext, error: unknown, asJson: boolean): void {
  if (asJson) writeJson(context, { error: describe(error) });
  else {
    const line = `${context.errorStyle.red('teelamma:')} ${printable(lineOf(error))}`;
    writeNote(context, context.isTerminal.stderr ? wrapText(line, columnsOf(context.stderr), '  ') : line);
  }
  if (context.environment['TEELAMMA_DEBUG']) writeNote(context, stackOf(error));
}

function describe(error: unknown): Record<string, unknown> {
  const code = error instanceof TeelammaError ? error.code : 'unexpected';
  const fields = error instanceof TeelammaError ? plainFields(error) : {};
  return { code, message: lineOf(error), ...fields, exitCode: exitCodeOf(error) };
}

/** The numbers and names that an error carries beside its message. */
function plainFields(error: TeelammaError): Record<string, unknown> {
  const { name: _name, ...fields } = { ...error };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function lineOf(error: unknown): string {
  if (error instanceof TeelammaError) return error.message;
  return `unexpected error: ${messageOf(error)}. Run it again with TEELAMMA_DEBUG=1 to see where, and please report it.`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
