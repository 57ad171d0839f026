import { loadConfig } from '../../config/load-config.ts';
import type { ModelPrice } from '../../config/prices/ModelPrice.ts';
import { pricesAsOf } from '../../config/prices/price-table.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { formatUsd } from '../../messages/format-usd.ts';
import type { TurnRecord } from '../../state/Ledger.ts';
import { turnCostUsd } from '../../state/token-cost.ts';
import type { CliContext } from '../CliContext.ts';
import type { TableColumn } from '../format-table.ts';
import { formatShortMoment } from '../format-time.ts';
import { writeJson, writeNote, writeTable } from '../output.ts';
import { parseSince } from '../parse-since.ts';
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
  { title: 'COST', align: 'right' },
];

/** Lists the turns in the ledger, newest first. */
export async function showHistory(context: CliContext, options: ShowHistoryOptions): Promise<void> {
  const limit = parseWholeNumber('--limit', options.limit, 1, mostTurns);
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.nowMs());
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const turns = await ledger.history({
    limit,
    ...(sinceMs !== undefined && { sinceMs }),
    ...(options.agent && { agent: `${options.agent}-specialist` }),
  });
  if (options.json) {
    const { prices } = config;
    writeJson(context, {
      turns: turns.map((turn) => ({ ...turn, costUsd: turnCostUsd(turn, prices) })),
      pricesAsOf,
    });
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
    turns.map((turn) => rowOf(turn, timeZone, config.prices)),
  );
  writeNote(context, `COST: by list prices as of ${pricesAsOf}, where the usage is known.`);
}

function rowOf(turn: TurnRecord, timeZone: string, prices: readonly ModelPrice[]): string[] {
  const costUsd = turnCostUsd(turn, prices);
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
    costUsd === null ? '-' : formatUsd(costUsd * 1e6),
  ];
}
