import { chargedTokens, type TokenUsage } from '../../messages/token-usage.ts';
import type { TurnRecord } from '../../state/Ledger.ts';
import type { TranscriptAnswer } from './read-transcripts.ts';

export interface Matched {
  readonly both: readonly { readonly answer: TranscriptAnswer; readonly turn: TurnRecord }[];
  readonly transcriptsOnly: readonly TranscriptAnswer[];
  readonly ledgerOnly: readonly TurnRecord[];
}

/** Claude Code writes its entries while the answer comes, the ledger when it has ended: they differ by moments, and by clocks. */
const slackMs = 120_000;

/**
 * Pairs answers with turns, each at most once: the same usage first, then those of unknown usage (cut answers), each with the turn
 * nearest in time, of the same model where both name it. The ledger keeps no message ids; the same four counts within two minutes are
 * as good as one.
 */
export function matchAnswers(answers: readonly TranscriptAnswer[], turns: readonly TurnRecord[]): Matched {
  const free = new Set(turns);
  const byUsage = new Map<string, TurnRecord[]>();
  const unknown: TurnRecord[] = [];
  for (const turn of turns) {
    if (!turn.usage) unknown.push(turn);
    else byUsage.set(key(turn.usage), [...(byUsage.get(key(turn.usage)) ?? []), turn]);
  }
  const both: Matched['both'][number][] = [];
  const pair = (
    left: readonly TranscriptAnswer[],
    candidates: (answer: TranscriptAnswer) => readonly TurnRecord[],
  ) =>
    left.filter((answer) => {
      const near = nearest(
        answer,
        candidates(answer).filter((turn) => free.has(turn)),
      );
      if (near) {
        free.delete(near);
        both.push({ answer, turn: near });
      }
      return near === null;
    });
  const others = pair(answers, ({ usage }) => byUsage.get(key(usage)) ?? []);
  const transcriptsOnly = pair(others, () => unknown);
  return { both, transcriptsOnly, ledgerOnly: turns.filter((turn) => free.has(turn)) };
}

function nearest(answer: TranscriptAnswer, turns: readonly TurnRecord[]): TurnRecord | null {
  let best: TurnRecord | null = null;
  let bestMs = Number.POSITIVE_INFINITY;
  for (const turn of turns) {
    if (plainModel(turn.model) !== plainModel(answer.model)) continue;
    const fromMs = turn.startedAtMs - slackMs;
    const toMs = (turn.settledAtMs ?? turn.startedAtMs) + slackMs;
    if (answer.atMs < fromMs || answer.atMs > toMs) continue;
    const distanceMs = Math.abs(answer.atMs - (turn.settledAtMs ?? turn.startedAtMs));
    if (distanceMs < bestMs) [best, bestMs] = [turn, distanceMs];
  }
  return best;
}

/** Requests name a model with or without its date, or with the length of its context; answers with the date. */
export function plainModel(model: string): string {
  return model.replace(/\[[^\]]*\]$/, '').replace(/[-@](\d{8}|latest)$/, '');
}

function key(usage: TokenUsage): string {
  const { inputTokens, cacheCreationInputTokens, cacheReadInputTokens, outputTokens } = usage;
  return [inputTokens, cacheCreationInputTokens, cacheReadInputTokens, outputTokens].join();
}

/** Tokens of an answer as a budget without weights counts them. */
export function answerTokens({ usage }: TranscriptAnswer): number {
  return chargedTokens(usage);
}
