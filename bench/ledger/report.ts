import type { Measured } from './measure.ts';

/** Where and how it was measured. */
export interface Setting {
  readonly ledger: 'sqlite' | 'postgres';
  readonly connections: number;
}

/** One measurement of a round. Its ratio is to the bare loop of the same round. */
export interface Sample extends Setting {
  readonly loop: string;
  readonly round: number;
  readonly measured: Measured;
}

/** A row of the table: medians over the rounds, and how far the ratios spread. */
export interface Row extends Setting {
  readonly loop: string;
  readonly pairsPerSecond: number;
  readonly ratioToBare: number;
  readonly ratioLowest: number;
  readonly ratioHighest: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxMs: number;
  readonly slowestShare: number;
}

/** Puts the rounds together, in the order in which they were measured first. */
export function tabulate(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, (one) => `${one.ledger} ${one.connections} ${one.loop}`);
  return [...groups.values()].map((group) => {
    const [{ ledger, connections, loop }] = group as [Sample];
    const ratios = group.map(({ measured, round }) => {
      const bare = samples.find(
        (one) =>
          one.ledger === ledger &&
          one.connections === connections &&
          one.round === round &&
          one.loop === 'bare',
      );
      return measured.pairsPerSecond / (bare?.measured.pairsPerSecond ?? Number.NaN);
    });
    const median = (pick: (one: Measured) => number) => medianOf(group.map(({ measured }) => pick(measured)));
    return {
      ledger,
      connections,
      loop,
      pairsPerSecond: Math.round(median((one) => one.pairsPerSecond)),
      ratioToBare: round2(medianOf(ratios)),
      ratioLowest: round2(Math.min(...ratios)),
      ratioHighest: round2(Math.max(...ratios)),
      p50Us: Math.round(median((one) => one.p50Us)),
      p99Us: Math.round(median((one) => one.p99Us)),
      maxMs: Math.round(Math.max(...group.map(({ measured }) => measured.maxUs)) / 1000),
      slowestShare: round2(median((one) => one.slowestShare)),
    };
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
