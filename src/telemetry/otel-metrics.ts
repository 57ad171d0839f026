import type { BatchObservableCallback, Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api';
import type { GaugeReading, Instrument, MetricSink } from './Instrument.ts';
import { allGauges, instruments } from './instruments.ts';

/** Metrics on a meter of OpenTelemetry's; disposed of, its gauges are read no more. */
export function createOtelMetrics(
  meter: Meter,
  readGauges: () => readonly GaugeReading[],
): MetricSink & Disposable {
  const recorders = new Map<Instrument, Counter | Histogram>();
  for (const instrument of Object.values<Instrument>(instruments)) {
    recorders.set(instrument, recorderOf(instrument, meter));
  }
  const gauges = new Map<Instrument, ObservableGauge>();
  for (const instrument of allGauges) {
    const { name, unit, description } = instrument;
    gauges.set(instrument, meter.createObservableGauge(name, { unit, description }));
  }
  const read: BatchObservableCallback = (result) => {
    for (const { instrument, value, attributes } of readGauges()) {
      const gauge = gauges.get(instrument);
      if (gauge) result.observe(gauge, value, attributes);
    }
  };
  meter.addBatchObservableCallback(read, [...gauges.values()]);
  return {
    record(instrument, value, attributes) {
      const recorder = recorders.get(instrument);
      if (recorder === undefined) return;
      if ('add' in recorder) recorder.add(value, attributes);
      else recorder.record(value, attributes);
    },
    [Symbol.dispose]: () => meter.removeBatchObservableCallback(read, [...gauges.values()]),
  };
}

function recorderOf({ name, kind, unit, description, buckets }: Instrument, meter: Meter) {
  if (kind === 'counter') return meter.createCounter(name, { unit, description });
  const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
  return meter.createHistogram(name, { unit, description, advice });
}
