import { join } from 'node:path';
import type { CliContext } from '../CliContext.ts';
import { confirm } from '../confirm.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { type ClientForm, clientForms } from './client-forms.ts';
import { lineDiff } from './line-diff.ts';
import { readMcpFile, withoutServer, withServer, writeMcpFile } from './mcp-file.ts';
import { serverCommand } from './server-command.ts';

export interface InitOptions {
  readonly remove?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Change {
  readonly file: string;
  readonly before: string | null;
  /** Null where the file is to go. */
  readonly after: string | null;
}

/** Puts the server into .mcp.json of the current folder, or takes it out, after showing the change and asking. */
export async function init(context: CliContext, options: InitOptions): Promise<void> {
  const file = join(process.cwd(), '.mcp.json');
  const entry = serverCommand(context.environment, {
    node: process.execPath,
    script: process.argv[1] ?? '',
  });
  const before = readMcpFile(file);
  const after = options.remove ? before && withoutServer(before) : withServer(before, entry);
  const change = { file, before, after };
  const done = before === after ? 'unchanged' : await apply(context, change, options);
  const forms = clientForms(entry);
  if (options.json) {
    writeJson(context, { file, done, server: options.remove ? null : entry, clients: forms });
    return;
  }
  writeLine(context, sentence(done, file, options.remove === true));
  if (!options.remove) showForms(context, forms);
}

type Done = 'unchanged' | 'written' | 'removed' | 'declined';

async function apply(context: CliContext, change: Change, options: InitOptions): Promise<Done> {
  showDiff(context, change);
  if (!options.yes && !(await mayChange(context, change.file))) return 'declined';
  writeMcpFile(change.file, change.after);
  return change.after === null ? 'removed' : 'written';
}

async function mayChange(context: CliContext, file: string): Promise<boolean> {
  if (!context.isTerminal.stdin || !context.isTerminal.stderr) {
    throw new InvalidArgumentError(`Nobody can be asked here; add --yes to change ${file}.`);
  }
  return confirm(context, 'Make this change? [y/N] ');
}

function showDiff(context: CliContext, { file, before, after }: Change): void {
  const { bold, red, green } = context.errorStyle;
  const title =
    before === null ? `${file} (new)` : after === null ? `${file} (goes, nothing else is in it)` : file;
  writeNote(context, bold(title));
  for (const { sign, text } of lineDiff(before ?? '', after ?? '')) {
    const line = `${sign} ${text}`;
    writeNote(context, sign === '-' ? red(line) : sign === '+' ? green(line) : line);
  }
}

function sentence(done: Done, file: string, isRemoval: boolean): string {
  switch (done) {
    case 'unchanged':
      return isRemoval ? `teelamma is not in ${file}.` : `teelamma is set up in ${file} already.`;
    case 'written':
      return isRemoval
        ? `Taken out of ${file}.`
        : `Written to ${file}. Start \`claude\` in this folder, and allow the server when it asks.`;
    case 'removed':
      return `${file} removed: nothing else was in it.`;
    case 'declined':
      return 'Nothing was changed.';
  }
}

function showForms(context: CliContext, forms: readonly ClientForm[]): void {
  for (const { client, place, text } of forms) {
    writeLine(context);
    writeLine(context, `${context.style.bold(client)}, ${place}:`);
    writeLine(context);
    for (const line of text.split('\n')) writeLine(context, `    ${line}`);
  }
}
