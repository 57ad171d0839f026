import { budgetSource } from '../../config/budget-source.ts';
import { loadConfig } from '../../config/load-config.ts';
import { formatDuration, parseDuration } from '../../config/parse-duration.ts';
import { parseTokens } from '../../config/parse-tokens.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { type BudgetSpec, CHARGED_AGENT, type TurnRecord } from '../../state/Ledger.ts';
import { isBudgets, type ReplayResult, replayBudget } from '../../state/replay/replay-budget.ts';
import type { TaskRecord } from '../../state/TaskRecord.ts';
import type { CliContext } from '../CliContext.ts';
import type { TableColumn } from '../format-table.ts';
import { formatMoment } from '../format-time.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeNote, writeTable } from '../output.ts';
import { parseSince } from '../parse-since.ts';
import { allTasks, allTurns } from './read-all.ts';

export interface ShowReplayOptions {
  /** One or several, `10k,20k`. */
  readonly limit: string;
  readonly window?: string;
  readonly since: string;
  readonly json: boolean;
}

const mostLimits = 20;

const columns: readonly TableColumn[] = [
  { title: 'LIMIT', align: 'right' },
  { title: 'TASKS ON CLAUDE', align: 'right' },
  { title: 'CALLS ON CLAUDE', align: 'right' },
  { title: 'TOKENS', align: 'right' },
  { title: 'WINDOWS SHORT', align: 'right' },
  { title: 'FIRST SHORT', flexible: true },
];

/** Runs what is recorded against other limits, and says what would have stayed on Claude. */
export async function showReplay(context: CliContext, options: ShowReplayOptions): Promise<void> {
  const limits = parseLimits(options.limit);
  const windowMs = options.window === undefined ? undefined : parseWindow(options.window);
  const sinceMs = parseSince(options.since, context.nowMs());
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const turns: TurnRecord[] = [];
  for await (const turn of allTurns(ledger, { sinceMs, agent: CHARGED_AGENT })) turns.push(turn);
  const tasks: TaskRecord[] = [];
  for await (const task of allTasks(ledger, { sinceMs })) if (isBudgets(task)) tasks.push(task);

  const [first] = budgetSource(config)();
  const base = windowMs === undefined && first ? first : { windowMs: windowMs ?? config.budget.windowMs };
  const results = limits.map((limitTokens) => replayBudget(specOf(base, limitTokens), turns, tasks));
  if (options.json) {
    writeJson(context, {
      sinceMs,
      windowMs: base.windowMs,
      results: results.map((one) => ({
        ...one,
        firstRefusedAt: one.firstRefusedAtMs === null ? null : new Date(one.firstRefusedAtMs).toISOString(),
      })),
    });
    return;
  }
  if (turns.length === 0 && tasks.length === 0) {
    writeNote(context, 'Nothing is recorded in that time that a limit would decide about.');
    return;
  }
  writeTable(
    context,
    columns,
    results.map((one) => rowOf(one, context.timeZone)),
  );
  writeNote(
    context,
    `Windows of ${formatDuration(base.windowMs)}. Each task asked for its estimate, each call for what it really used.`,
  );
  if (results.some(({ estimatedTokens }) => estimatedTokens > 0)) {
    writeNote(
      context,
      'What Ollama did then and Claude would do now counts its estimate; nobody knows its usage.',
    );
  }
}

function specOf(base: Pick<BudgetSpec, 'windowMs' | 'calendar'>, limitTokens: number): BudgetSpec {
  const { windowMs, calendar } = base;
  return { name: 'replay', limitTokens, windowMs, thresholdsPercent: [], ...(calendar && { calendar }) };
}

function rowOf(result: ReplayResult, timeZone: string): string[] {
  const { limitTokens, tasks, tasksOnClaude, turns, turnsOnClaude, tokens, estimatedTokens } = result;
  const { windows, windowsShort, firstRefusedAtMs } = result;
  return [
    formatTokens(limitTokens),
    share(tasksOnClaude, tasks),
    share(turnsOnClaude, turns),
    formatTokens(tokens + estimatedTokens),
    `${windowsShort} of ${windows}`,
    firstRefusedAtMs === null ? 'never' : formatMoment(firstRefusedAtMs, timeZone),
  ];
}

function share(part: number, whole: number): string {
  const percent = whole === 0 ? '' : ` (${Math.floor((part * 100) / whole)}%)`;
  return `${formatTokens(part)} of ${formatTokens(whole)}${percent}`;
}

function parseLimits(text: string): number[] {
  const limits = text.split(',').map((one) => parseTokens(one));
  const isGiven = limits.every((one): one is number => one !== null);
  if (isGiven && limits.length <= mostLimits) return limits as number[];
  throw new InvalidArgumentError(
    `--limit is "${text}": it must be one to ${mostLimits} amounts of tokens, such as 20k or 10k,20k,50k.`,
  );
}

function parseWindow(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new InvalidArgumentError(`--window is "${text}": it must be a duration such as 5h, 24h or 7d.`);
}
