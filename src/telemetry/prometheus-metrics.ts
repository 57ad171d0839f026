import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GaugeReading, Instrument, MetricAttributes, MetricSink } from './Instrument.ts';
import { allGauges, instruments } from './instruments.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

export interface PrometheusPage {
  readonly contentType: string;
  readonly text: string;
}

/** Metrics as Prometheus scrapes them. Gauges are read when a scrape comes. */
export interface PrometheusMetrics extends MetricSink {
  readonly scrape: () => Promise<PrometheusPage>;
}

/** Keeps every metric in memory: an increment in a map for each value, nothing else until a scrape comes. */
export function createPrometheusMetrics(readGauges: () => readonly GaugeReading[]): PrometheusMetrics {
  const registry = new Registry();
  const recorders = new Map<Instrument, Recorder>();
  for (const instrument of Object.values(instruments)) {
    recorders.set(instrument, recorderOf(instrument, registry));
  }
  const gauges = new Map<Instrument, Gauge>();
  for (const instrument of allGauges) {
    gauges.set(instrument, new Gauge({ ...optionsOf(instrument), registers: [registry] }));
  }
  return {
    record(instrument, value, attributes) {
      recorders.get(instrument)?.(labelsOf(attributes), value);
    },
    async scrape() {
      for (const gauge of gauges.values()) gauge.reset();
      for (const { instrument, value, attributes } of readGauges()) {
        gauges.get(instrument)?.set(labelsOf(attributes), value);
      }
      // The format wants every line ended, the last one too, which prom-client leaves out.
      const text = `${(await registry.metrics()).trimEnd()}\n`;
      return { contentType: registry.contentType, text };
    },
  };
}

type Recorder = (labels: Record<string, string>, value: number) => void;

function recorderOf(instrument: Instrument, registry: Registry): Recorder {
  const options = { ...optionsOf(instrument), registers: [registry] };
  if (instrument.kind === 'counter') {
    const counter = new Counter(options);
    return (labels, value) => counter.inc(labels, value);
  }
  const histogram = new Histogram({ ...options, buckets: [...(instrument.buckets ?? [])] });
  return (labels, value) => histogram.observe(labels, value);
}

function optionsOf(instrument: Instrument) {
  return {
    name: prometheusName(instrument),
    help: instrument.description,
    labelNames: instrument.attributes.map(prometheusLabel),
  };
}

const labelNames = new Map<string, string>();

function labelsOf(attributes: MetricAttributes): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const name in attributes) {
    let label = labelNames.get(name);
    if (label === undefined) {
      label = prometheusLabel(name);
      labelNames.set(name, label);
    }
    labels[label] = attributes[name] ?? '';
  }
  return labels;
}
