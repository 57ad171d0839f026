import uPlot from 'uplot';
import type { UsageSeries } from '../../api/api-types.ts';
import { compact, dayText, moment, whole } from '../format.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Chart } from './Chart.tsx';
import { seriesColor } from './colors.ts';
import { amountAxis, timeAxis } from './time-axis.ts';
import { tooltip } from './tooltip.ts';

interface StackedBarsProps {
  readonly label: string;
  readonly resolution: 'hour' | 'day';
  readonly startsMs: readonly number[];
  readonly series: readonly UsageSeries[];
  readonly nameOf: (key: string) => string;
}

const lengthMs = { hour: 3_600_000, day: 86_400_000 } as const;

/** Tokens by the hour or day, the series of each on top of each other. */
export function StackedBars({ label, resolution, startsMs, series, nameOf }: StackedBarsProps) {
  const stacked = stack(series);
  const data = [[...startsMs], ...stacked.toReversed()] as uPlot.AlignedData;
  const atText = (index: number) => {
    const atMs = startsMs[index] ?? 0;
    return resolution === 'day' ? dayText(atMs, Date.now()) : moment(atMs, Date.now());
  };
  const options = () => ({
    ms: 1 as const,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      // Room for the bars at both ends: each is drawn around its time.
      x: {
        time: true,
        range: (_plot: uPlot, from: number, to: number): uPlot.Range.MinMax => {
          const half = lengthMs[resolution] / 2;
          return [from - half, to + half];
        },
      },
      y: {
        range: (_plot: uPlot, _from: number, to: number): uPlot.Range.MinMax => [0, to > 0 ? to * 1.05 : 1],
      },
    },
    axes: [timeAxis(), amountAxis(compact)],
    series: [
      {},
      ...series
        .map(({ key }, index) => ({
          label: key,
          stroke: seriesColor(key, index),
          fill: seriesColor(key, index),
          width: 0,
          points: { show: false },
          ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.78, 40], radius: 0 }) }),
        }))
        .reverse(),
    ],
    plugins: [
      tooltip((index) => [
        atText(index),
        ...series.flatMap(({ key, tokens }) => {
          const amount = tokens[index] ?? 0;
          return amount > 0 ? [`${nameOf(key)}: ${whole(amount)}`] : [];
        }),
      ]),
    ],
  });
  const columns = [
    { title: resolution === 'day' ? 'Day' : 'Hour' },
    ...series.map(({ key }) => ({ title: nameOf(key), isNumber: true })),
  ];
  const rows = startsMs
    .map((startMs, index) => ({
      key: String(startMs),
      cells: [atText(index), ...series.map(({ tokens }) => whole(tokens[index] ?? 0))],
      isUsed: series.some(({ tokens }) => (tokens[index] ?? 0) > 0),
    }))
    .filter(({ isUsed }) => isUsed)
    .reverse();
  return (
    <Chart
      label={label}
      height={260}
      data={data}
      options={options}
      optionsKey={`${resolution} ${startsMs.at(0)} ${startsMs.length} ${series.map(({ key }) => key).join(' ')}`}
      table={<DataTable caption={label} columns={columns} rows={rows} />}
    />
  );
}

/** Each series with those below it added: drawn from the topmost down, each covers what is not its own. */
function stack(series: readonly UsageSeries[]): number[][] {
  const sums: number[][] = [];
  for (const { tokens } of series) {
    const below = sums.at(-1);
    sums.push(tokens.map((amount, index) => amount + (below?.[index] ?? 0)));
  }
  return sums;
}
