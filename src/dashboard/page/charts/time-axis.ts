import type uPlot from 'uplot';
import { clockText, dayText } from '../format.ts';
import { color } from './colors.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const font = '12px system-ui, sans-serif';

/** An axis of time in the browser's zone: hours, days where they begin, years where they do. */
export function timeAxis(): uPlot.Axis {
  return {
    ...ink(),
    size: 30,
    space: 64,
    incrs: [
      60_000,
      5 * 60_000,
      15 * 60_000,
      30 * 60_000,
      hourMs,
      2 * hourMs,
      3 * hourMs,
      6 * hourMs,
      12 * hourMs,
      ...[1, 2, 3, 5, 7, 14, 30, 61, 91, 182, 365].map((days) => days * dayMs),
    ],
    values: (_plot, splits, _axis, _space, incr) =>
      splits.map((atMs) => {
        const at = new Date(atMs);
        const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
        return incr >= dayMs || isMidnight ? dayText(atMs, Date.now()) : clockText(atMs);
      }),
  };
}

/** An axis of amounts. */
export function amountAxis(format: (amount: number) => string): uPlot.Axis {
  return {
    ...ink(),
    size: 58,
    space: 36,
    values: (_plot, splits) => splits.map((amount) => format(amount)),
  };
}

function ink(): uPlot.Axis {
  return {
    stroke: color('muted'),
    font,
    grid: { stroke: color('grid'), width: 1 },
    ticks: { show: false },
  };
}
