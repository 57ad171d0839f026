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
/** One row, its columns by name, always in the same order. */
type Row = Readonly<Record<string, Cell>>;

/** Writes turns, tasks or windows as they are read, newest first, to stdout or into a file that appears when it is whole. */
export async function exportLedger(context: CliContext, options: ExportOptions): Promise<void> {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.nowMs());
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const rows = rowsOf(ledger, options.what, sinceMs, config.prices);
  if (options.output === undefined) {
    await writeRows(context.stdout, rows, options);
    return;
  }
  const count = await writeFile(options.output, (stream) => writeRows(stream, rows, options));
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

async function writeRows(
  stream: Writable,
  rows: AsyncIterable<Row>,
  { format, what }: ExportOptions,
): Promise<number> {
  let count = 0;
  const write = async (text: string) => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), finished(stream)]);
  };
  if (format === 'csv') await write(`${csvLine([...columnNames[what]])}\n`);
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

async function* rowsOf(
  ledger: Ledger,
  what: ExportOptions['what'],
  sinceMs: number | undefined,
  prices: readonly ModelPrice[],
): AsyncGenerator<Row> {
  const since = sinceMs === undefined ? {} : { sinceMs };
  if (what === 'turns') for await (const turn of allTurns(ledger, since)) yield turnRow(turn, prices);
  if (what === 'tasks') for await (const task of allTasks(ledger, since)) yield taskRow(task);
  if (what === 'windows') for (const window of await ledger.windows(since)) yield windowRow(window);
}

function turnRow(turn: TurnRecord, prices: readonly ModelPrice[]): Row {
  const { usage, scope } = turn;
  return {
    turnId: turn.turnId,
    taskId: turn.taskId,
    startedAt: iso(turn.startedAtMs),
    settledAt: iso(turn.settledAtMs),
    kind: turn.kind,
    agent: turn.agent,
    model: turn.model,
    state: turn.state,
    project: scope?.project ?? null,
    user: scope?.user ?? null,
    door: scope?.door ?? null,
    complexity: scope?.complexity ?? null,
    heldTokens: turn.heldTokens,
    chargedTokens: turn.chargedTokens,
    inputTokens: usage?.inputTokens ?? null,
    cacheCreationInputTokens: usage?.cacheCreationInputTokens ?? null,
    cacheReadInputTokens: usage?.cacheReadInputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    costUsd: turnCostUsd(turn, prices),
    forced: turn.forced,
    latencyMs: turn.latencyMs,
    reason: turn.reason,
  };
}

function taskRow(task: TaskRecord): Row {
  const { decision, complexity, scope, prompt } = task;
  return {
    taskId: task.taskId,
    startedAt: iso(task.startedAtMs),
    endedAt: iso(task.endedAtMs),
    kind: task.kind,
    strategy: task.strategy,
    project: scope?.project ?? null,
    user: scope?.user ?? null,
    door: scope?.door ?? null,
    level: complexity.level,
    score: complexity.score,
    targetAgent: decision.targetAgent,
    cause: decision.cause,
    reason: decision.reason,
    forced: decision.forced,
    estimatedTokens: decision.estimatedTokens,
    agent: task.agent,
    model: task.model,
    outcome: task.outcome,
    issues: task.issues.length,
    handovers: task.handovers.length,
    turns: task.turns,
    chargedTokens: task.chargedTokens,
    latencyMs: task.latencyMs,
    promptLength: prompt.length,
    promptSha256: prompt.sha256,
    title: prompt.title ?? null,
  };
}

function windowRow(window: WindowRecord): Row {
  return {
    budget: window.budget,
    counter: window.counter,
    startedAt: iso(window.startMs),
    open: window.isOpen,
    unit: window.unit,
    settled: window.settledTokens,
    held: window.heldTokens,
    forced: window.forcedTokens,
  };
}

/** Stable: new columns are added at the end. */
const columnNames = {
  turns: [
    'turnId',
    'taskId',
    'startedAt',
    'settledAt',
    'kind',
    'agent',
    'model',
    'state',
    'project',
    'user',
    'door',
    'complexity',
    'heldTokens',
    'chargedTokens',
    'inputTokens',
    'cacheCreationInputTokens',
    'cacheReadInputTokens',
    'outputTokens',
    'costUsd',
    'forced',
    'latencyMs',
    'reason',
  ],
  tasks: [
    'taskId',
    'startedAt',
    'endedAt',
    'kind',
    'strategy',
    'project',
    'user',
    'door',
    'level',
    'score',
    'targetAgent',
    'cause',
    'reason',
    'forced',
    'estimatedTokens',
    'agent',
    'model',
    'outcome',
    'issues',
    'handovers',
    'turns',
    'chargedTokens',
    'latencyMs',
    'promptLength',
    'promptSha256',
    'title',
  ],
  windows: ['budget', 'counter', 'startedAt', 'open', 'unit', 'settled', 'held', 'forced'],
} as const;

function iso(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
