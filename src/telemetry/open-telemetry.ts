import type { TelemetryVariables } from '../config/telemetry-variables.ts';
import { messageOf } from '../errors.ts';
import type { Ledger } from '../state/Ledger.ts';
import { version } from '../version.ts';
import type { WorkEvent, WorkObserver } from '../work-events.ts';
import { own } from './attribute-names.ts';
import type { ProviderUrls } from './call-attributes.ts';
import type { MetricSink } from './Instrument.ts';
import { instruments } from './instruments.ts';
import type { PrometheusPage } from './prometheus-metrics.ts';
import { readBudgets } from './read-budgets.ts';
import { recordMetrics } from './record-metrics.ts';

export interface TelemetryOptions {
  readonly door: string;
  readonly urls: ProviderUrls;
  /** `host`: to the providers that the program around us has registered; else what the standard variables ask for. Null: nowhere. */
  readonly sendTo: 'host' | TelemetryVariables | null;
  /** Whether metrics are kept for a Prometheus that scrapes them. */
  readonly isScraped: boolean;
}

export interface TelemetryPorts {
  readonly ledger: Ledger;
  readonly newId: () => string;
  /** Told what could not be sent or measured, a whole sentence. */
  readonly onProblem: (message: string) => void;
}

/** Traces and metrics of one installation. Disposed of, it sends what is left, and never throws. */
export interface Telemetry extends AsyncDisposable {
  readonly observe: WorkObserver;
  /** The metrics as Prometheus reads them; null where they are not kept. */
  readonly scrape: (() => Promise<PrometheusPage>) | null;
}

const scopeName = 'claude-teelamma';

/** Loads only what is asked for: each exporter is a package of its own. */
export async function openTelemetry(options: TelemetryOptions, ports: TelemetryPorts): Promise<Telemetry> {
  const { door, sendTo } = options;
  const { ledger, onProblem } = ports;
  const readGauges = () => readBudgets(ledger.snapshot());
  const sinks: (MetricSink & Partial<Disposable>)[] = [];
  const listeners: WorkObserver[] = [];

  const otlp = sendTo === 'host' || sendTo === null ? null : await openSender(sendTo, ports);
  const { tracer, meter } = await scopesOf(sendTo, otlp);
  if (tracer !== null) {
    const { WorkSpans } = await import('./WorkSpans.ts');
    const traceparent = sendTo === 'host' ? null : (sendTo?.traceparent ?? null);
    const spans = new WorkSpans(tracer, { door, urls: options.urls, traceparent });
    listeners.push((event) => spans.add(event));
  }
  if (meter !== null) {
    const { createOtelMetrics } = await import('./otel-metrics.ts');
    sinks.push(createOtelMetrics(meter, readGauges));
  }
  const prometheus = options.isScraped
    ? (await import('./prometheus-metrics.ts')).createPrometheusMetrics(readGauges)
    : null;
  if (prometheus !== null) sinks.push(prometheus);
  for (const sink of sinks) listeners.push((event) => recordMetrics(event, door, sink));

  const unsubscribe = ledger.subscribe((event) => {
    if (event.type !== 'threshold') return;
    const attributes = { [own.budget]: event.budget.name, [own.percent]: String(event.percent) };
    for (const sink of sinks) sink.record(instruments.thresholds, 1, attributes);
  });
  let hasFailed = false;
  return {
    observe(event: WorkEvent) {
      try {
        for (const listener of listeners) listener(event);
      } catch (error) {
        // The work is worth more than its measure; one line says that it is incomplete.
        if (!hasFailed) onProblem(`Telemetry of a ${event.type} failed: ${String(error)}`);
        hasFailed = true;
      }
    },
    scrape: prometheus === null ? null : () => prometheus.scrape(),
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await otlp?.[Symbol.asyncDispose]();
      for (const sink of sinks) sink[Symbol.dispose]?.();
    },
  };
}

async function openSender(variables: TelemetryVariables, { newId, onProblem }: TelemetryPorts) {
  if (variables.traces === null && variables.metrics === null) return null;
  try {
    const { openOtlp } = await import('./open-otlp.ts');
    return await openOtlp(variables, { version, newId, onProblem });
  } catch (error) {
    onProblem(`Telemetry is not sent: ${messageOf(error)}`);
    return null;
  }
}

async function scopesOf(sendTo: TelemetryOptions['sendTo'], otlp: Awaited<ReturnType<typeof openSender>>) {
  if (sendTo !== 'host') {
    return {
      tracer: otlp?.tracerProvider?.getTracer(scopeName, version) ?? null,
      meter: otlp?.meterProvider?.getMeter(scopeName, version) ?? null,
    };
  }
  const { metrics, trace } = await import('@opentelemetry/api');
  return { tracer: trace.getTracer(scopeName, version), meter: metrics.getMeter(scopeName, version) };
}
