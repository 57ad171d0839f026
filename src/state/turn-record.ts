import type { TurnRecord } from './Ledger.ts';

/** In the order of the numbers that stand for them in both ledgers. */
export const turnStateNames = ['in-flight', 'settled', 'assumed', 'released'] as const;

/** What both ledgers keep of a turn by the same names. */
export interface TurnColumns {
  readonly kind: string;
  readonly agent: string;
  readonly model: string;
  readonly state: 0 | 1 | 2 | 3;
  readonly hold: number;
  readonly charged: number;
  readonly started_ms: number;
  readonly settled_ms: number | null;
  readonly input: number | null;
  readonly cache_creation: number | null;
  readonly cache_creation_5m: number | null;
  readonly cache_read: number | null;
  readonly output: number | null;
  readonly latency_ms: number | null;
  readonly reason: string | null;
}

/** A turn as callers see it; `rest` is what the ledgers keep each in its own way. */
export function toTurnRecord(
  row: TurnColumns,
  rest: Pick<TurnRecord, 'turnId' | 'taskId' | 'forced' | 'scope'>,
): TurnRecord {
  return {
    kind: row.kind,
    agent: row.agent,
    model: row.model,
    state: turnStateNames[row.state],
    heldTokens: row.hold,
    chargedTokens: row.charged,
    usage:
      row.input === null
        ? null
        : {
            inputTokens: row.input,
            cacheCreationInputTokens: row.cache_creation ?? 0,
            ...(row.cache_creation_5m !== null && { cacheCreation5mInputTokens: row.cache_creation_5m }),
            cacheReadInputTokens: row.cache_read ?? 0,
            outputTokens: row.output ?? 0,
          },
    startedAtMs: row.started_ms,
    settledAtMs: row.settled_ms,
    latencyMs: row.latency_ms,
    reason: row.reason,
    ...rest,
  };
}
