import { noUsage } from '../../messages/token-usage.ts';
import { type UsageKey, usageKeys } from './UsageQuery.ts';
import { addSums, noSums, type Sums, type UsagePiece } from './UsageTally.ts';
import type { ZoneDays } from './ZoneDays.ts';

/** Finest stretch of time that is kept: every time zone's hours and days begin at one. */
export const quarterMs = 900_000;

/** A turn, as far as the sums need it; what was charged at its hold has no usage. */
export interface TurnUsage extends Readonly<Record<UsageKey, string>> {
  readonly startedAtMs: number;
  readonly inputTokens: number | null;
  readonly cacheCreationInputTokens: number | null;
  readonly cacheCreation5mInputTokens: number | null;
  readonly cacheReadInputTokens: number | null;
  readonly outputTokens: number | null;
  readonly chargedTokens: number;
}

/** Sums to be added to a stored row. */
export interface FoldedSums {
  /** Beginning of the quarter of an hour, or of the day. */
  readonly atMs: number;
  readonly keys: Readonly<Record<UsageKey, string>>;
  readonly sums: Sums;
}

/** Takes back what a turn had added before its usage was known: its charge alone. */
export function withdrawn(turn: TurnUsage, chargedTokens: number): UsagePiece {
  return pieceOf({ ...turn, ...noUsage, cacheCreation5mInputTokens: 0, chargedTokens }, -1);
}

/** What a turn adds; with -1 as `sign`, what it had added before it was corrected. */
export function pieceOf(turn: TurnUsage, sign: 1 | -1 = 1): UsagePiece {
  // Of a free turn it is its end less its latency, which may have a fraction.
  const atMs = Math.floor(turn.startedAtMs);
  const { agent, model, project, kind, door, user } = turn;
  return {
    atMs,
    agent,
    model,
    project,
    kind,
    door,
    user,
    inputTokens: sign * (turn.inputTokens ?? 0),
    cacheCreationInputTokens: sign * (turn.cacheCreationInputTokens ?? 0),
    cacheCreation5mInputTokens: sign * (turn.cacheCreation5mInputTokens ?? 0),
    cacheReadInputTokens: sign * (turn.cacheReadInputTokens ?? 0),
    outputTokens: sign * (turn.outputTokens ?? 0),
    chargedTokens: sign * turn.chargedTokens,
    turns: sign,
  };
}

/** Sums pieces by the quarter of an hour (`days` null), or by the day. */
export function foldPieces(pieces: Iterable<UsagePiece>, days: ZoneDays | null): FoldedSums[] {
  const groups = new Map<string, FoldedSums>();
  for (const piece of pieces) {
    const atMs = days ? days.startOf(piece.atMs) : Math.floor(piece.atMs / quarterMs) * quarterMs;
    const values = usageKeys.map((key) => piece[key] ?? '');
    const id = `${atMs}\n${values.join('\n')}`;
    let group = groups.get(id);
    if (!group) {
      const keys = Object.fromEntries(usageKeys.map((key, index) => [key, values[index] ?? '']));
      group = { atMs, keys: keys as Record<UsageKey, string>, sums: noSums() };
      groups.set(id, group);
    }
    addSums(group.sums, piece);
  }
  return [...groups.values()];
}
