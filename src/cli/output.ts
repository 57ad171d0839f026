import { type CliContext, columnsOf } from './CliContext.ts';
import { formatTable, type TableColumn } from './format-table.ts';

/** One line of a result, to stdout. */
export function writeLine(context: CliContext, line = ''): void {
  context.stdout.write(`${line}\n`);
}

/** The one JSON document that a command with --json prints, to stdout. */
export function writeJson(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One line for the user's eyes, to stderr: progress, a warning, what to do next. */
export function writeNote(context: CliContext, line = ''): void {
  context.stderr.write(`${line}\n`);
}

/** A table to stdout, as wide as the terminal; one block a row where the terminal is too narrow for the table. */
export function writeTable(
  context: CliContext,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): void {
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : Number.POSITIVE_INFINITY;
  writeLine(context, formatTable(columns, rows, { width, heading: context.style.bold }));
}
