import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../config/load-config.ts';
import { resolvePaths } from '../../config/paths.ts';
import { maskSecrets } from '../../logging/mask-secrets.ts';
import type { CliContext } from '../CliContext.ts';
import { confirm } from '../confirm.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { type ClientForm, clientForms } from './client-forms.ts';
import { clientPlan, type InitPart, initParts, planFiles } from './client-plan.ts';
import { type InitChange, planChanges, undoChanges } from './init-changes.ts';
import { readInitRecord, writeInitRecord } from './init-record.ts';
import { writeJsonFile } from './json-file.ts';
import { lineDiff } from './line-diff.ts';
import { type ServerEntry, serverCommand } from './server-command.ts';

export interface InitOptions {
  readonly user?: boolean;
  readonly plugin?: boolean;
  /** A URL, or true for the configured gateway. */
  readonly gateway?: string | true;
  readonly only?: string;
  readonly replaceStatusLine?: boolean;
  readonly undo?: boolean;
  /** An older name of `undo`. */
  readonly remove?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Sets Claude Code up, or takes it back, after showing the change of each file and asking. */
export async function init(context: CliContext, options: InitOptions): Promise<void> {
  const { environment } = context;
  const folder = process.cwd();
  const isUndo = options.undo === true || options.remove === true;
  const forUser = options.user === true;
  const server = serverCommand(environment, { node: process.execPath, script: process.argv[1] ?? '' });
  const { initRecordFile } = resolvePaths(environment);
  const record = readInitRecord(initRecordFile);
  const plans = clientPlan(
    isUndo
      ? { parts: initParts, forUser, pluginFolder: null, gatewayUrl: null, replacesStatusLine: false }
      : planOptions(context, options, server),
    server,
    folder,
    environment,
  );
  const changes = isUndo
    ? undoChanges(planFiles(forUser, folder, environment), plans, record)
    : planChanges(plans, record);
  const real = changes.filter(({ before, after }) => before !== after);
  const done = real.length === 0 ? 'unchanged' : await apply(context, real, options);
  if (done === 'made') writeInitRecord(initRecordFile, recordAfter(record, changes));
  const forms = clientForms(server);
  if (options.json) {
    const files = changes.map((change) => ({ file: change.file, done: doneTo(change, done) }));
    const notes = changes.flatMap((change) => change.notes);
    writeJson(context, { done, files, notes, server: isUndo ? null : server, clients: forms });
    return;
  }
  for (const change of changes) tell(context, change, done, isUndo);
  if (done === 'made' && !isUndo) writeLine(context, next(forUser));
  if (!isUndo) showForms(context, forms);
}

/** @throws InvalidArgumentError for what cannot be set up */
function planOptions({ environment }: CliContext, options: InitOptions, server: ServerEntry) {
  const parts = (options.only ?? initParts.join(',')).split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !initParts.some((known) => known === part));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`--only takes ${initParts.join(', ')}, with commas; not "${unknown}".`);
  }
  if (options.plugin && server.command !== 'teelamma') {
    throw new InvalidArgumentError(
      'The plugin runs the command teelamma, which is not on the PATH. Install it with `npm install -g claude-teelamma`, or leave --plugin out.',
    );
  }
  return {
    parts: parts as InitPart[],
    forUser: options.user === true,
    pluginFolder: options.plugin ? packageFolder() : null,
    gatewayUrl: options.gateway === undefined ? null : gatewayUrl(environment, options.gateway),
    replacesStatusLine: options.replaceStatusLine === true,
  };
}

/** The folder that holds `.claude-plugin/marketplace.json`, some levels above this file, which is bundled. */
function packageFolder(): string {
  for (const up of ['../', '../../', '../../../']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(`${folder}.claude-plugin/marketplace.json`)) return folder.replace(/[\\/]$/, '');
  }
  throw new InvalidArgumentError('The plugin is not part of this installation; leave --plugin out.');
}

function gatewayUrl(environment: CliContext['environment'], given: string | true): string {
  if (given === true) {
    const { host, port } = loadConfig(environment).config.gateway;
    if (port === 0) throw new InvalidArgumentError('gateway.port is 0, so say the URL: --gateway <url>.');
    return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;
  }
  if (!/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw new InvalidArgumentError(`--gateway takes a URL such as http://127.0.0.1:7434, not "${given}".`);
  }
  return given.replace(/\/+$/, '');
}

type Done = 'unchanged' | 'made' | 'declined';

async function apply(
  context: CliContext,
  changes: readonly InitChange[],
  options: InitOptions,
): Promise<Done> {
  for (const change of changes) showDiff(context, change);
  if (!options.yes && !(await mayChange(context, changes))) return 'declined';
  const written: InitChange[] = [];
  try {
    for (const change of changes) {
      writeJsonFile(change.file, change.after);
      written.push(change);
    }
  } catch (error) {
    // All of the files or none.
    for (const { file, before } of written) writeJsonFile(file, before);
    throw error;
  }
  return 'made';
}

async function mayChange(context: CliContext, changes: readonly InitChange[]): Promise<boolean> {
  if (!context.isTerminal.stdin || !context.isTerminal.stderr) {
    const files = changes.map(({ file }) => file).join(' and ');
    throw new InvalidArgumentError(`Nobody can be asked here; add --yes to change ${files}.`);
  }
  return confirm(context, `Make ${changes.length === 1 ? 'this change' : 'these changes'}? [y/N] `);
}

function recordAfter(record: ReturnType<typeof readInitRecord>, changes: readonly InitChange[]) {
  const after = new Map(record);
  for (const change of changes) {
    if (change.record === null) after.delete(change.file);
    else after.set(change.file, change.record);
  }
  return after;
}

/** The file is the user's own, but a terminal is looked at by others, recorded and pasted: what looks like a key is masked. */
function showDiff(context: CliContext, { file, before, after }: InitChange): void {
  const { bold, red, green } = context.errorStyle;
  const title =
    before === null ? `${file} (new)` : after === null ? `${file} (goes, nothing else is in it)` : file;
  writeNote(context, bold(title));
  for (const { sign, text } of lineDiff(before ?? '', after ?? '')) {
    const line = `${sign} ${maskSecrets(text)}`;
    writeNote(context, sign === '-' ? red(line) : sign === '+' ? green(line) : line);
  }
}

function doneTo({ before, after }: InitChange, done: Done): 'unchanged' | 'written' | 'removed' | 'declined' {
  if (before === after) return 'unchanged';
  if (done === 'declined') return 'declined';
  return after === null ? 'removed' : 'written';
}

function tell(context: CliContext, change: InitChange, done: Done, isUndo: boolean): void {
  const { file, notes } = change;
  switch (doneTo(change, done)) {
    case 'unchanged':
      if (notes.length > 0) break;
      writeLine(
        context,
        isUndo ? `There is nothing of teelamma in ${file}.` : `teelamma is set up in ${file} already.`,
      );
      break;
    case 'written':
      writeLine(context, isUndo ? `Taken out of ${file}.` : `Written to ${file}.`);
      break;
    case 'removed':
      writeLine(context, `${file} removed: nothing else was in it.`);
      break;
    case 'declined':
      writeLine(context, `${file} was not changed.`);
      break;
  }
  for (const note of notes) writeNote(context, context.errorStyle.yellow(`${file}: ${note}`));
}

function next(forUser: boolean): string {
  const where = forUser
    ? 'Start `claude` anywhere'
    : 'Start `claude` in this folder, and allow the server when it asks';
  return `${where}. \`teelamma init --undo${forUser ? ' --user' : ''}\` takes it back.`;
}

function showForms(context: CliContext, forms: readonly ClientForm[]): void {
  for (const { client, place, text } of forms) {
    writeLine(context);
    writeLine(context, `${context.style.bold(client)}, ${place}:`);
    writeLine(context);
    for (const line of text.split('\n')) writeLine(context, `    ${line}`);
  }
}
