import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config/load-config.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { CHARGED_AGENT, type TurnRecord } from '../../state/Ledger.ts';
import { allTurns } from '../budget/read-all.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import type { TableColumn } from '../format-table.ts';
import { formatShortMoment } from '../format-time.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote, writeTable } from '../output.ts';
import { parseSince } from '../parse-since.ts';
import { wrapText } from '../wrap-text.ts';
import { causesOf, type Drift, driftOf, isGatewayTurn } from './drift.ts';
import { matchAnswers } from './match-answers.ts';
import { readTranscripts } from './read-transcripts.ts';

export interface ShowDriftOptions {
  /** Claude Code's folder; default `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
  readonly claudeHome?: string;
  readonly since: string;
  readonly json: boolean;
}

const columns: readonly TableColumn[] = [
  { title: 'DAY' },
  { title: 'MODEL', flexible: true },
  { title: 'TRANSCRIPTS', align: 'right' },
  { title: 'LEDGER', align: 'right' },
  { title: 'DRIFT', align: 'right' },
  { title: 'CALLS', align: 'right' },
  { title: 'IN BOTH', align: 'right' },
];

/** Compares the ledger's turns through the gateway with Claude Code's own transcripts, and says why they differ. */
export async function showDrift(context: CliContext, options: ShowDriftOptions): Promise<void> {
  const sinceMs = parseSince(options.since, context.nowMs());
  const folder = projectsFolder(context, options.claudeHome);
  const { config } = loadConfig(context.environment);
  const { openLedger } = await import('../../app.ts');
  await using ledger = await openLedger(config);
  const transcripts = await readTranscripts(folder, sinceMs);
  const turns: TurnRecord[] = [];
  for await (const turn of allTurns(ledger, { sinceMs, agent: CHARGED_AGENT })) {
    if (isGatewayTurn(turn)) turns.push(turn);
  }
  const matched = matchAnswers(transcripts.answers, turns.reverse());
  const dayOf = (atMs: number) => formatShortMoment(atMs, context.timeZone).slice(0, 10);
  const drift = driftOf(matched, dayOf);
  const causes = causesOf(matched);
  const { files, unreadableLines } = transcripts;
  if (options.json) {
    writeJson(context, {
      sinceMs,
      transcripts: { folder, files, unreadableLines, calls: transcripts.answers.length },
      ledger: { calls: turns.length },
      matchedCalls: matched.both.length,
      drift,
      causes,
    });
    return;
  }
  if (drift.length === 0) {
    writeNote(
      context,
      `Neither the ledger nor ${folder} knows of a call in that time (${files} transcripts read).`,
    );
    return;
  }
  writeTable(context, columns, drift.map(rowOf));
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
  if (causes.length === 0) writeLine(context, 'Every call is in both.');
  for (const cause of causes) writeLine(context, wrapText(`- ${cause}`, width, '  '));
  writeNote(context, `${files} transcripts read in ${folder}.`);
  if (unreadableLines > 0)
    writeNote(context, `${unreadableLines} lines in them are not JSON and were left out.`);
}

function projectsFolder(context: CliContext, given: string | undefined): string {
  const home = given ?? (context.environment['CLAUDE_CONFIG_DIR'] || join(homedir(), '.claude'));
  const folder = join(resolve(home), 'projects');
  if (existsSync(folder)) return folder;
  throw new InvalidArgumentError(
    `There are no transcripts of Claude Code in ${folder}. Say with --claude-home where its folder is (the one with projects/ in it).`,
  );
}

function rowOf(one: Drift): string[] {
  const sign = one.driftTokens > 0 ? '+' : one.driftTokens < 0 ? '-' : '';
  return [
    one.day,
    one.model,
    formatTokens(one.transcriptTokens),
    formatTokens(one.ledgerTokens),
    `${sign}${formatTokens(Math.abs(one.driftTokens))}`,
    `${one.transcriptCalls} / ${one.ledgerCalls}`,
    String(one.matchedCalls),
  ];
}
