import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { loadConfig } from '../../config/load-config.ts';
import type { ModelPrice } from '../../config/prices/ModelPrice.ts';
import { TeelammaError } from '../../errors.ts';
import type { Ledger, TurnRecord, WindowRecord } from '../../state/Ledger.ts';
import type { TaskRecord } from '../../state/TaskRecord.ts';
import { turnCostUsd } from '../../state/token-cost.ts';
import type { CliContext } from '../CliContext.ts';
import { csvLine } from '../csv.ts';
import { writeNote } from '../output.ts';
import { parseSince } from '../parse-since.ts';
import { allTasks, allTurns } from './read-all.ts';

export interface ExportOptions {
  readonly format: 'csv' | 'json' | 'jsonl';
  readonly what: 'turns' | 'tasks' | 'windows';
  readonly since?: string;
  readonly output?: string;
}

type Cell = string | number | boolean | null;
/** A table's columns by name, in their order, which is stable: new ones are added at the end. */
type Columns<T> = Readonly<Record<string, (item: T) => Cell>>;

interface Table {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Readonly<Record<string, Cell>>>;
}

/** Writes turns, tasks or windows as they are read, newest first, to stdout or into a file that appears when it is whole. */
export async function exportLedger(context: CliContext, options: ExportOptions): Promise<void> {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.nowMs());
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const table = tableOf(ledger, options.what, sinceMs, config.prices);
  if (options.output === undefined) {
    await writeTable(context.stdout, table, options);
    return;
  }
  const count = await writeFile(options.output, (stream) => writeTable(stream, table, options));
  writeNote(context, `${count} ${options.what} written to ${options.output}.`);
}

async function writeFile(file: string, write: (stream: Writable) => Promise<number>): Promise<number> {
  const unfinished = `${file}.${process.pid}.part`;
  const stream = createWriteStream(unfinished, { mode: 0o600 });
  // `finished` and each write report it; without a listener it would end the process first.
  stream.on('error', () => undefined);
  try {
    const count = await write(stream);
    stream.end();
    await finished(stream);
    renameSync(unfinished, file);
    return count;
  } catch (error) {
    stream.destroy();
    rmSync(unfinished, { force: true });
    if (!(error instanceof Error && 'code' in error) || error instanceof TeelammaError) throw error;
    throw new TeelammaError(
      'state-unwritable',
      `The export could not be written to ${file} (${error.message}). Choose another file with --output.`,
      { cause: error },
    );
  }
}

async function writeTable(
  stream: Writable,
  { columns, rows }: Table,
  { format, what }: ExportOptions,
): Promise<number> {
  let count = 0;
  const write = async (text: string) => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), finished(stream)]);
  };
  if (format === 'csv') await write(`${csvLine(columns)}\n`);
  if (format === 'json') await write(`{"${what}": [`);
  for await (const row of rows) {
    if (format === 'csv') await write(`${csvLine(Object.values(row))}\n`);
    else if (format === 'jsonl') await write(`${JSON.stringify(row)}\n`);
    else await write(`${count === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`);
    count += 1;
  }
  if (format === 'json') await write('\n]}\n');
  return count;
}

function tableOf(
  ledger: Ledger,
  what: ExportOptions['what'],
  sinceMs: number | undefined,
  prices: readonly ModelPrice[],
): Table {
  const since = sinceMs === undefined ? {} : { sinceMs };
  switch (what) {
    case 'turns':
      return table(turnColumns(prices), allTurns(ledger, since));
    case 'tasks':
      return table(taskColumns, allTasks(ledger, since));
    case 'windows':
      return table(windowColumns, allWindows(ledger, since));
  }
}

async function* allWindows(
  ledger: Ledger,
  since: { readonly sinceMs?: number },
): AsyncGenerator<WindowRecord> {
  yield* await ledger.windows(since);
}

function table<T>(columns: Columns<T>, items: AsyncIterable<T>): Table {
  return { columns: Object.keys(columns), rows: rowsOf(columns, items) };
}

async function* rowsOf<T>(columns: Columns<T>, items: AsyncIterable<T>): Table['rows'] {
  const cells = Object.entries(columns);
  for await (const item of items)
    yield Object.fromEntries(cells.map(([name, cellOf]) => [name, cellOf(item)]));
}

const turnColumns = (prices: readonly ModelPrice[]): Columns<TurnRecord> => ({
  turnId: (turn) => turn.turnId,
  taskId: (turn) => turn.taskId,
  startedAt: (turn) => iso(turn.startedAtMs),
  settledAt: (turn) => iso(turn.settledAtMs),
  kind: (turn) => turn.kind,
  agent: (turn) => turn.agent,
  model: (turn) => turn.model,
  state: (turn) => turn.state,
  project: (turn) => turn.scope?.project ?? null,
  user: (turn) => turn.scope?.user ?? null,
  door: (turn) => turn.scope?.door ?? null,
  complexity: (turn) => turn.scope?.complexity ?? null,
  heldTokens: (turn) => turn.heldTokens,
  chargedTokens: (turn) => turn.chargedTokens,
  inputTokens: (turn) => turn.usage?.inputTokens ?? null,
  cacheCreationInputTokens: (turn) => turn.usage?.cacheCreationInputTokens ?? null,
  cacheReadInputTokens: (turn) => turn.usage?.cacheReadInputTokens ?? null,
  outputTokens: (turn) => turn.usage?.outputTokens ?? null,
  costUsd: (turn) => turnCostUsd(turn, prices),
  forced: (turn) => turn.forced,
  latencyMs: (turn) => turn.latencyMs,
  reason: (turn) => turn.reason,
});

const taskColumns: Columns<TaskRecord> = {
  taskId: (task) => task.taskId,
  startedAt: (task) => iso(task.startedAtMs),
  endedAt: (task) => iso(task.endedAtMs),
  kind: (task) => task.kind,
  strategy: (task) => task.strategy,
  project: (task) => task.scope?.project ?? null,
  user: (task) => task.scope?.user ?? null,
  door: (task) => task.scope?.door ?? null,
  level: (task) => task.complexity.level,
  score: (task) => task.complexity.score,
  targetAgent: (task) => task.decision.targetAgent,
  cause: (task) => task.decision.cause,
  reason: (task) => task.decision.reason,
  forced: (task) => task.decision.forced,
  estimatedTokens: (task) => task.decision.estimatedTokens,
  agent: (task) => task.agent,
  model: (task) => task.model,
  outcome: (task) => task.outcome,
  issues: (task) => task.issues.length,
  handovers: (task) => task.handovers.length,
  turns: (task) => task.turns,
  chargedTokens: (task) => task.chargedTokens,
  latencyMs: (task) => task.latencyMs,
  promptLength: (task) => task.prompt.length,
  promptSha256: (task) => task.prompt.sha256,
  title: (task) => task.prompt.title ?? null,
};

const windowColumns: Columns<WindowRecord> = {
  budget: (window) => window.budget,
  counter: (window) => window.counter,
  startedAt: (window) => iso(window.startMs),
  open: (window) => window.isOpen,
  unit: (window) => window.unit,
  settled: (window) => window.settledTokens,
  held: (window) => window.heldTokens,
  forced: (window) => window.forcedTokens,
};

function iso(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
