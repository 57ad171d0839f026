/** One metric: what it is called, what it counts, and by which attributes. */
export interface Instrument {
  /** OpenTelemetry's name; Prometheus' is made from it, see prometheus-name.ts. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `s`, or a word in braces for what is counted. */
  readonly unit: string;
  readonly description: string;
  /** Every attribute that a value of it may have. */
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

export type MetricAttributes = Readonly<Record<string, string>>;

/** Takes values as they come: increments of counters, observations of histograms. */
export interface MetricSink {
  readonly record: (instrument: Instrument, value: number, attributes: MetricAttributes) => void;
}

/** A gauge's value, read when somebody asks. */
export interface GaugeReading {
  readonly instrument: Instrument;
  readonly value: number;
  readonly attributes: MetricAttributes;
}
