import type { Environment } from './Config.ts';

/** What OpenTelemetry's standard variables ask for, as far as the SDK does not read them itself. */
export interface TelemetryVariables {
  /** Null: no traces are sent. */
  readonly traces: OtlpFormat | null;
  /** Null: no metrics are sent. */
  readonly metrics: OtlpFormat | null;
  /** Between two exports of metrics. `OTEL_METRIC_EXPORT_INTERVAL`, default 60 s. */
  readonly metricIntervalMs: number;
  /** For one export; null where `OTEL_EXPORTER_OTLP_TIMEOUT` or that of a signal is set, which the SDK reads. */
  readonly timeoutMs: number | null;
  /** `TRACEPARENT`: the span that started this process; null without one. */
  readonly traceparent: string | null;
  /** What was set and cannot be done, each a whole sentence. */
  readonly problems: readonly string[];
}

export type OtlpFormat = 'http/protobuf' | 'http/json';

/** Shorter than the standard's 10 s, since a command waits for it when it ends. */
const exportTimeoutMs = 3_000;

/**
 * Reads them, after https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and the OTLP exporter's list. Nothing
 * is sent unless an endpoint or an exporter is named: a tool on a desk must not knock at a port that nobody opened.
 */
export function telemetryVariables(environment: Environment): TelemetryVariables {
  const problems: string[] = [];
  const isOff = environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
  const signal = (name: Signal) => (isOff ? null : formatOf(name, environment, problems));
  const hasTimeout = ['', 'TRACES_', 'METRICS_'].some(
    (part) => textOf(environment, `OTEL_EXPORTER_OTLP_${part}TIMEOUT`) !== undefined,
  );
  const interval = Number(textOf(environment, 'OTEL_METRIC_EXPORT_INTERVAL'));
  return {
    traces: signal('TRACES'),
    metrics: signal('METRICS'),
    metricIntervalMs: Number.isSafeInteger(interval) && interval >= 1_000 ? interval : 60_000,
    timeoutMs: hasTimeout ? null : exportTimeoutMs,
    traceparent: textOf(environment, 'TRACEPARENT') ?? null,
    problems,
  };
}

type Signal = 'TRACES' | 'METRICS';

function formatOf(signal: Signal, environment: Environment, problems: string[]): OtlpFormat | null {
  const exporterName = `OTEL_${signal}_EXPORTER`;
  const exporter = textOf(environment, exporterName);
  if (exporter === 'none') return null;
  if (exporter !== undefined && exporter !== 'otlp') {
    problems.push(`${exporterName}=${exporter} is not known here, so nothing is sent: use otlp or none.`);
    return null;
  }
  const endpointNames = [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  const endpointName = endpointNames.find((name) => textOf(environment, name) !== undefined);
  if (endpointName === undefined && exporter === undefined) return null;
  const endpoint = endpointName === undefined ? undefined : textOf(environment, endpointName);
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    problems.push(
      `${endpointName} is not a URL that starts with http:// or https://, so no ${signal.toLowerCase()} are sent.`,
    );
    return null;
  }
  const protocol =
    textOf(environment, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ??
    textOf(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL') ??
    'http/protobuf';
  if (protocol === 'http/protobuf' || protocol === 'http/json') return protocol;
  problems.push(
    `OTLP over ${protocol} is not built in, so no ${signal.toLowerCase()} are sent: set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf (usually port 4318).`,
  );
  return null;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** An empty variable counts as one that is not set, as the standard says. */
function textOf(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}
