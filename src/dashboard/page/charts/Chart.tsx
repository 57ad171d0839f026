import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { useTheme } from '../parts/ThemeSwitch.tsx';

interface ChartProps {
  /** What it shows, in a sentence: for who cannot see it. */
  readonly label: string;
  readonly height: number;
  readonly data: uPlot.AlignedData;
  /** Made anew where it changes: its colours are those of the theme. */
  readonly options: () => Omit<uPlot.Options, 'width' | 'height'>;
  /** What the options depend on, beside the theme. */
  readonly optionsKey: string;
  /** The same as a table. */
  readonly table: ComponentChildren;
}

/** A chart of a time series, as wide as its place, with its figures as a table. */
export function Chart({ label, height, data, options, optionsKey, table }: ChartProps) {
  const theme = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;

  // The key stands for the options.
  useEffect(() => {
    const { current: element } = place;
    if (!element) return;
    const widthOf = () => Math.max(200, element.clientWidth);
    const made = new uPlot({ ...options(), width: widthOf(), height }, latest.current, element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: widthOf(), height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, optionsKey, height]);
  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure class="chart">
      <div class="chart-place" ref={place} role="img" aria-label={label} />
      <details>
        <summary>Show as a table</summary>
        {table}
      </details>
    </figure>
  );
}
