import { type UsageKey, usageKeys } from './UsageQuery.ts';
import { addSums, noSums, type Sums, type UsagePiece } from './UsageTally.ts';

/** Finest stretch of time that is kept: every time zone's hours and days begin at one. */
export const quarterMs = 900_000;

/** Sums to be added to a stored row. */
export interface FoldedSums {
  /** Beginning of the quarter of an hour. */
  readonly atMs: number;
  readonly keys: Readonly<Record<UsageKey, string>>;
  readonly sums: Sums;
}

/** Takes back what a turn had added before its usage was known: its charge alone. */
export function withdrawn(turn: UsagePiece, chargedTokens: number): UsagePiece {
  return { ...turn, ...noSums(), chargedTokens: -chargedTokens, turns: -1 };
}

/** The quarter of an hour after the one of an instant. */
export function nextQuarterMs(atMs: number): number {
  return (Math.floor(atMs / quarterMs) + 1) * quarterMs;
}

/** Sums pieces by the quarter of an hour and all keys. */
export function foldPieces(pieces: Iterable<UsagePiece>): FoldedSums[] {
  const groups = new Map<string, FoldedSums>();
  for (const piece of pieces) {
    const atMs = Math.floor(piece.atMs / quarterMs) * quarterMs;
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
