import type { TurnRecord } from '../../state/Ledger.ts';
import { answerTokens, type Matched, plainModel } from './match-answers.ts';

/** What transcripts and ledger say of one day and one model. Tokens of all kinds together. */
export interface Drift {
  readonly day: string;
  readonly model: string;
  readonly transcriptCalls: number;
  readonly transcriptTokens: number;
  readonly ledgerCalls: number;
  readonly ledgerTokens: number;
  readonly matchedCalls: number;
  /** Ledger less transcripts. */
  readonly driftTokens: number;
  /** Of the drift: calls that only the transcripts know (less), only the ledger knows (more), and pairs that differ. */
  readonly transcriptsOnlyTokens: number;
  readonly ledgerOnlyTokens: number;
  readonly pairDriftTokens: number;
}

type Sums = { -readonly [part in keyof Drift]: Drift[part] };

/** Drift by day, on the user's clock, and model, in that order. */
export function driftOf(matched: Matched, dayOf: (atMs: number) => string): Drift[] {
  const groups = new Map<string, Sums>();
  const group = (day: string, model: string): Sums => {
    const id = `${day}\n${model}`;
    const known = groups.get(id) ?? noDrift(day, model);
    groups.set(id, known);
    return known;
  };
  // Both sides of a pair are counted on the ledger's day, so that midnight is no drift.
  for (const { answer, turn } of matched.both) {
    const sums = group(dayOf(turn.startedAtMs), plainModel(answer.model));
    sums.matchedCalls += 1;
    sums.transcriptCalls += 1;
    sums.ledgerCalls += 1;
    sums.transcriptTokens += answerTokens(answer);
    sums.ledgerTokens += turn.chargedTokens;
    sums.pairDriftTokens += turn.chargedTokens - answerTokens(answer);
  }
  for (const answer of matched.transcriptsOnly) {
    const sums = group(dayOf(answer.atMs), plainModel(answer.model));
    sums.transcriptCalls += 1;
    sums.transcriptTokens += answerTokens(answer);
    sums.transcriptsOnlyTokens += answerTokens(answer);
  }
  for (const turn of matched.ledgerOnly) {
    const sums = group(dayOf(turn.startedAtMs), plainModel(turn.model));
    sums.ledgerCalls += 1;
    sums.ledgerTokens += turn.chargedTokens;
    sums.ledgerOnlyTokens += turn.chargedTokens;
  }
  for (const sums of groups.values()) sums.driftTokens = sums.ledgerTokens - sums.transcriptTokens;
  return [...groups.values()].sort((a, b) => compare(a.day, b.day) || compare(a.model, b.model));
}

/** Why the two differ, as far as it can be told; each a whole sentence. */
export function causesOf({ both, transcriptsOnly, ledgerOnly }: Matched): string[] {
  const causes: string[] = [];
  const cut = both.filter(({ turn }) => turn.state === 'assumed').length;
  const lost = ledgerOnly.filter(({ state }) => state === 'assumed').length;
  const answered = ledgerOnly.length - lost;
  if (transcriptsOnly.length > 0) {
    causes.push(
      `${calls(transcriptsOnly.length)} only in the transcripts: sessions that did not run through the gateway (ANTHROPIC_BASE_URL was not set), or answers of Ollama, which charge nothing.`,
    );
  }
  if (cut > 0) {
    causes.push(
      `${calls(cut)} cut before the usage was known: charged at the hold, which is more than the transcript shows.`,
    );
  }
  if (lost > 0) {
    causes.push(
      `${calls(lost)} only in the ledger and charged at the hold: sent, and no answer came back that Claude Code kept.`,
    );
  }
  if (answered > 0) {
    causes.push(
      `${calls(answered)} only in the ledger: other clients of the gateway, requests that Claude Code keeps in no transcript (titles, summaries, checks), or transcripts that were deleted.`,
    );
  }
  return causes;
}

/** Turns that Claude Code can have made: through the gateway, and charged. */
export function isGatewayTurn({ kind, scope, state }: TurnRecord): boolean {
  const isCharged = state === 'settled' || state === 'assumed';
  return isCharged && (scope?.door === 'gateway' || kind.startsWith('gateway'));
}

function calls(count: number): string {
  return count === 1 ? '1 call is' : `${count} calls are`;
}

function noDrift(day: string, model: string): Sums {
  return {
    day,
    model,
    transcriptCalls: 0,
    transcriptTokens: 0,
    ledgerCalls: 0,
    ledgerTokens: 0,
    matchedCalls: 0,
    driftTokens: 0,
    transcriptsOnlyTokens: 0,
    ledgerOnlyTokens: 0,
    pairDriftTokens: 0,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
