import { loadConfig } from '../../config/load-config.ts';
import { parseDuration } from '../../config/parse-duration.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { TurnRecord } from '../../state/Ledger.ts';
import type { CliContext } from '../CliContext.ts';
import type { TableColumn } from '../format-table.ts';
import { formatShortMoment } from '../format-time.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeNote, writeTable } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';

export interface ShowHistoryOptions {
  readonly since?: string;
  readonly limit: string;
  readonly agent?: 'claude' | 'ollama';
  readonly json: boolean;
}

const mostTurns = 100_000;

const columns: readonly TableColumn[] = [
  { title: 'TIME' },
  { title: 'AGENT' },
  { title: 'MODEL', flexible: true },
  { title: 'KIND' },
  { title: 'STATE' },
  { title: 'IN', align: 'right' },
  { title: 'OUT', align: 'right' },
  { title: 'CHARGED', align: 'right' },
];

/** Lists the turns in the ledger, newest first. */
export async function showHistory(context: CliContext, options: ShowHistoryOptions): Promise<void> {
  const limit = parseWholeNumber('--limit', options.limit, 1, mostTurns);
  const sinceMs = options.since === undefined ? undefined : context.nowMs() - parseSince(options.since);
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const turns = await ledger.history({
    limit,
    ...(sinceMs !== undefined && { sinceMs }),
    ...(options.agent && { agent: `${options.agent}-specialist` }),
  });
  if (options.json) {
    writeJson(context, { turns });
    return;
  }
  if (turns.length === 0) {
    writeNote(context, 'No model call is recorded for this.');
    return;
  }
  const { timeZone } = context;
  writeTable(
    context,
    columns,
    turns.map((turn) => rowOf(turn, timeZone)),
  );
}

function rowOf(turn: TurnRecord, timeZone: string): string[] {
  const { usage } = turn;
  const inputTokens = usage
    ? usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens
    : null;
  return [
    formatShortMoment(turn.startedAtMs, timeZone),
    turn.agent.replace('-specialist', ''),
    turn.model,
    turn.kind,
    turn.forced ? `${turn.state}, forced` : turn.state,
    inputTokens === null ? '-' : formatTokens(inputTokens),
    usage ? formatTokens(usage.outputTokens) : '-',
    formatTokens(turn.chargedTokens),
  ];
}

function parseSince(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new InvalidArgumentError(`--since is "${text}": it must be a duration such as 30m, 24h or 7d.`);
}
