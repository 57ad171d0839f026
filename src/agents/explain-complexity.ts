import type { Complexity } from './complexity.ts';

/**
 * Lines for `teelamma route`: the verdict, then each signal with its share in the score, the strongest first. Contributions are in
 * logits: positive ones speak for `complex`, and they add up to the logit of the score.
 */
export function explainComplexity(complexity: Complexity): string[] {
  const { level, score, threshold, confidence, signals } = complexity;
  const side = level === 'complex' ? 'at or above' : 'below';
  const ordered = [...signals].sort(
    (a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || (a.name < b.name ? -1 : 1),
  );
  const width = Math.max(...ordered.map((signal) => signal.name.length));
  return [
    `${level}: score ${score.toFixed(2)}, ${side} ${threshold.toFixed(2)}; confidence ${confidence.toFixed(2)}`,
    ...ordered.map(
      (signal) =>
        `${signed(signal.contribution)}  ${signal.name.padEnd(width)}  ${number(signal.value)} x ${signed(signal.weight)} ` +
        `(${signal.origin}: ${signal.description})`,
    ),
  ];
}

function signed(value: number): string {
  const rounded = value.toFixed(2);
  return Number(rounded) < 0 ? rounded : `+${rounded.replace('-', '')}`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
