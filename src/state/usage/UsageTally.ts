import type { UsageKey, UsageQuery, UsageRow, UsageSums } from './UsageQuery.ts';
import type { ZoneDays } from './ZoneDays.ts';

/** Sums under construction. */
export type Sums = { -readonly [part in keyof UsageSums]: UsageSums[part] };

/** Sums of a stretch of time that lies in one group, however fine it was stored. */
export interface UsagePiece extends UsageSums, Readonly<Partial<Record<UsageKey, string>>> {
  /** An instant within. */
  readonly atMs: number;
}

/** A row under construction. */
type Group = { -readonly [part in keyof UsageRow]: UsageRow[part] };

/** Adds pieces up to the groups that a query asks for. */
export class UsageTally {
  private readonly keys: readonly UsageKey[];
  private readonly time: 'hour' | 'day' | null;
  private readonly days: ZoneDays;
  private readonly groups = new Map<string, Group>();

  constructor({ by = [] }: UsageQuery, days: ZoneDays) {
    this.keys = by.filter((one): one is UsageKey => one !== 'hour' && one !== 'day');
    this.time = by.find((one): one is 'hour' | 'day' => one === 'hour' || one === 'day') ?? null;
    this.days = days;
  }

  /** `isDay`: the piece is of one day, which begins at its `atMs`; to ask the calendar for each of them would take longer than the query. */
  add(piece: UsagePiece, isDay = false): void {
    const startMs = isDay && this.time === 'day' ? piece.atMs : this.startOf(piece.atMs);
    let id = startMs === null ? '' : String(startMs);
    for (const key of this.keys) id += `\n${piece[key] ?? ''}`;
    let group = this.groups.get(id);
    if (!group) {
      group = noSums();
      if (startMs !== null) group.startMs = startMs;
      for (const key of this.keys) group[key] = piece[key] ?? '';
      this.groups.set(id, group);
    }
    addSums(group, piece);
  }

  /** By time, and within one time by what was charged, the most first. */
  rows(): UsageRow[] {
    const used = [...this.groups.values()].filter(({ turns }) => turns !== 0);
    return used.sort(
      (a, b) =>
        (a.startMs ?? 0) - (b.startMs ?? 0) ||
        b.chargedTokens - a.chargedTokens ||
        b.turns - a.turns ||
        compareKeys(a, b, this.keys),
    );
  }

  private startOf(atMs: number): number | null {
    if (this.time === null) return null;
    return this.time === 'day' ? this.days.startOf(atMs) : this.days.hourOf(atMs);
  }
}

export function noSums(): Sums {
  return {
    inputTokens: 0,
    cacheCreationInputTokens: 0,
    cacheCreation5mInputTokens: 0,
    cacheReadInputTokens: 0,
    outputTokens: 0,
    chargedTokens: 0,
    turns: 0,
  };
}

export function addSums(to: Sums, from: UsageSums): void {
  to.inputTokens += from.inputTokens;
  to.cacheCreationInputTokens += from.cacheCreationInputTokens;
  to.cacheCreation5mInputTokens += from.cacheCreation5mInputTokens;
  to.cacheReadInputTokens += from.cacheReadInputTokens;
  to.outputTokens += from.outputTokens;
  to.chargedTokens += from.chargedTokens;
  to.turns += from.turns;
}

function compareKeys(a: UsageRow, b: UsageRow, keys: readonly UsageKey[]): number {
  for (const key of keys) {
    const [x, y] = [a[key] ?? '', b[key] ?? ''];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
