import uPlot from 'uplot';
import { bareAmount } from '../../../messages/format-amount.ts';
import type { BurnDownDocument } from '../../api/api-types.ts';
import { compactAmount, moment } from '../format.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { burnDownColumns } from './burn-down-data.ts';
import { Chart } from './Chart.tsx';
import { color } from './colors.ts';
import { amountAxis, timeAxis } from './time-axis.ts';
import { tooltip } from './tooltip.ts';

interface BurnDownChartProps {
  readonly burnDown: BurnDownDocument;
  /** What it says, in a sentence. */
  readonly label: string;
}

/** Rows of the table: a window of a thousand turns is not read line by line. */
const mostRows = 60;

/** What is left of a window over time, and how it goes on at the present pace. */
export function BurnDownChart({ burnDown, label }: BurnDownChartProps) {
  const { unit, limit, startMs, endMs, points } = burnDown;
  const columns = burnDownColumns(burnDown);
  const [times, left, pace] = columns;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const options = () => ({
    ms: 1 as const,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: true, range: (): uPlot.Range.MinMax => [startMs, Math.max(endMs, startMs + 60_000)] },
      y: {
        range: (_plot: uPlot, from: number): uPlot.Range.MinMax => [
          Math.min(0, from),
          Math.max(1, limit * 1.04),
        ],
      },
    },
    axes: [timeAxis(), amountAxis((amount) => compactAmount(unit, amount))],
    series: [
      {},
      {
        stroke: color('claude'),
        fill: color('claude-faint'),
        width: 2,
        points: { show: false },
        ...(stepped && { paths: stepped }),
      },
      { stroke: color('claude'), width: 2, dash: [6, 5], points: { show: false } },
      { width: 0, points: { show: false } },
      { width: 0, points: { show: false } },
    ],
    bands: [{ series: [4, 3] as uPlot.Band.Bounds, fill: color('claude-soft') }],
    plugins: [
      nowLine(burnDown),
      tooltip((index) => {
        const amount = left[index] ?? pace[index];
        if (amount === null || amount === undefined) return null;
        const isPast = left[index] !== null;
        return [
          moment(times[index] ?? 0, Date.now()),
          `${isPast ? '' : 'about '}${bareAmount({ ...(unit && { unit }) }, amount)} left`,
        ];
      }),
    ],
  });
  const rows = thin(points, mostRows).map(([atMs, remaining], index) => ({
    key: `${atMs} ${index}`,
    cells: [moment(atMs, Date.now()), bareAmount({ ...(unit && { unit }) }, remaining)],
  }));
  return (
    <Chart
      label={label}
      height={280}
      data={columns as unknown as uPlot.AlignedData}
      options={options}
      optionsKey={`${burnDown.budgetId} ${limit} ${startMs} ${endMs} ${Math.floor(burnDown.nowMs / 10_000)} ${times.length}`}
      table={
        <DataTable
          caption={label}
          columns={[{ title: 'Time' }, { title: 'Left', isNumber: true }]}
          rows={rows.reverse()}
        />
      }
    />
  );
}

/** Marks now, and the thresholds that the window passes on its way down. */
function nowLine({ nowMs, limit, thresholdsPercent }: BurnDownDocument): uPlot.Plugin {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = color('muted');
        ctx.lineWidth = devicePixelRatio;
        ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
        const line = (fromX: number, fromY: number, toX: number, toY: number) => {
          ctx.beginPath();
          ctx.moveTo(fromX, fromY);
          ctx.lineTo(toX, toY);
          ctx.stroke();
        };
        const x = plot.valToPos(nowMs, 'x', true);
        line(x, bbox.top, x, bbox.top + bbox.height);
        ctx.strokeStyle = color('warn');
        for (const percent of thresholdsPercent.filter((one) => one < 100)) {
          const y = plot.valToPos(limit * (1 - percent / 100), 'y', true);
          line(bbox.left, y, bbox.left + bbox.width, y);
        }
        ctx.restore();
      },
    },
  };
}

/** Every nth, and the last. */
function thin<T>(list: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(list.length / most);
  return list.filter((_one, index) => index % step === 0 || index === list.length - 1);
}
