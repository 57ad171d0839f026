import { seriesClass } from '../charts/colors.ts';

interface LegendProps {
  readonly keys: readonly string[];
  readonly nameOf: (key: string) => string;
}

/** Which colour is which. */
export function Legend({ keys, nameOf }: LegendProps) {
  return (
    <ul class="legend">
      {keys.map((key, index) => (
        <li key={key}>
          <span class={`swatch ${seriesClass(key, index)}`} aria-hidden="true" />
          {nameOf(key)}
        </li>
      ))}
    </ul>
  );
}
