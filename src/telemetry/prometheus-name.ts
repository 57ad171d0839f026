import type { Instrument } from './Instrument.ts';

/**
 * The name of a metric in Prometheus, as OpenTelemetry's specification translates it (compatibility/prometheus_and_openmetrics.md): dots
 * become underscores, a unit its word, a counter ends in `_total`. So a scrape and a collector that passes on OTLP give the same names.
 */
export function prometheusName({ name, unit, kind }: Pick<Instrument, 'name' | 'unit' | 'kind'>): string {
  return `${prometheusLabel(name)}${unit === 's' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`;
}

/** The name of an attribute as a label. */
export function prometheusLabel(attribute: string): string {
  return attribute.replace(/[^a-zA-Z0-9_]/g, '_');
}
