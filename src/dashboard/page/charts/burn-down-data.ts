import type { BurnDownDocument } from '../../api/api-types.ts';

/** Aligned columns: times, what was left, what will be at the pace, and at the fast and the slow end of its spread. */
export type BurnDownColumns = readonly [
  times: number[],
  left: (number | null)[],
  pace: (number | null)[],
  fast: (number | null)[],
  slow: (number | null)[],
];

/** The past as it was, and from now on the forecast as straight lines to where they end. */
export function burnDownColumns(burnDown: BurnDownDocument): BurnDownColumns {
  const { points, nowMs, endMs, forecast } = burnDown;
  const left = points.at(-1)?.[1] ?? burnDown.limit;
  const times = points.map(([atMs]) => atMs);
  const past = points.map(([, remaining]): number | null => remaining);
  const none = points.map((): number | null => null);
  const { perHour, endsAtMs, earliestMs, latestMs } = forecast;
  if (perHour === null || perHour <= 0 || left <= 0) return [times, past, none, [...none], [...none]];
  const lines = [endsAtMs, earliestMs, latestMs];
  const future = [...new Set([...lines.filter((atMs) => atMs !== null), endMs])].filter(
    (atMs) => atMs > nowMs,
  );
  future.sort((a, b) => a - b);
  const lineTo = (stopMs: number | null): (number | null)[] => {
    const line = [...none.slice(0, -1), left];
    for (const atMs of future)
      line.push(stopMs === null ? null : Math.max(0, left * share(atMs, nowMs, stopMs)));
    return line;
  };
  const pace = lineTo(endsAtMs ?? nowMs + (left / perHour) * hourMs).map((amount, index) =>
    // Where it has ended, the line ends too.
    (times[index] ?? future[index - times.length] ?? 0) > (endsAtMs ?? endMs) ? null : amount,
  );
  return [
    [...times, ...future],
    [...past, ...future.map(() => null)],
    pace,
    earliestMs === null ? [...none, ...future.map(() => null)] : lineTo(earliestMs),
    latestMs === null
      ? earliestMs === null
        ? [...none, ...future.map(() => null)]
        : slow(pace)
      : lineTo(latestMs),
  ];

  /** Nobody knows when it ends at the latest, so what is shaded goes up to the pace. */
  function slow(line: readonly (number | null)[]): (number | null)[] {
    return line.map((amount, index) => (index >= times.length && amount === null ? 0 : amount));
  }
}

const hourMs = 3_600_000;

/** Which part of the way from now to the end is still to go. */
function share(atMs: number, nowMs: number, stopMs: number): number {
  return 1 - (atMs - nowMs) / (stopMs - nowMs);
}
