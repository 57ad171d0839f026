import { DiagLogLevel, diag, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions/incubating';
import type { TelemetryVariables } from '../config/telemetry-variables.ts';
import { exportProblem } from './export-problem.ts';

export interface OtlpPorts {
  readonly version: string;
  readonly newId: () => string;
  /** Told what could not be sent, a whole sentence. */
  readonly onProblem: (message: string) => void;
}

/** Providers that send what they are given; disposed of, they send the rest, within the time of one export. They are not made global. */
export interface Otlp extends AsyncDisposable {
  readonly tracerProvider: TracerProvider | null;
  readonly meterProvider: MeterProvider | null;
}

/** Opens what the variables ask for. The SDK itself reads the endpoint, headers, certificates, sampler and limits from the environment. */
export async function openOtlp(variables: TelemetryVariables, ports: OtlpPorts): Promise<Otlp> {
  const said = new Set<string>();
  // A collector that is away would be told of with every export.
  const tell = (message: string): void => {
    const problem = exportProblem(message);
    if (!said.has(problem)) ports.onProblem(problem);
    said.add(problem);
  };
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: 'claude-teelamma',
        [ATTR_SERVICE_VERSION]: ports.version,
        [ATTR_SERVICE_INSTANCE_ID]: ports.newId(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
  const config = variables.timeoutMs === null ? {} : { timeoutMillis: variables.timeoutMs };
  const tracerProvider = variables.traces && (await openTraces(variables.traces, resource, config));
  const meterProvider =
    variables.metrics && (await openMetrics(variables.metrics, variables.metricIntervalMs, resource, config));
  return {
    tracerProvider,
    meterProvider,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([tracerProvider?.shutdown(), meterProvider?.shutdown()]);
      diag.disable();
    },
  };
}

type Resource = ReturnType<typeof defaultResource>;
type Config = { readonly timeoutMillis?: number };

async function openTraces(format: string, resource: Resource, config: Config) {
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } =
    format === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(config))],
  });
}

async function openMetrics(format: string, exportIntervalMillis: number, resource: Resource, config: Config) {
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const { OTLPMetricExporter } =
    format === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  const exporter = new OTLPMetricExporter(config);
  const exportTimeoutMillis = Math.min(exportIntervalMillis, 30_000);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis });
  return new MeterProvider({ resource, readers: [reader] });
}

function ignore(): void {}
