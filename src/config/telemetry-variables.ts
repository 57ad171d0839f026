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
  const problems: Problem[] = [];
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
    problems: problems.map(sentence),
  };
}

type Signal = 'TRACES' | 'METRICS';

/** Why signals are not sent; of what holds for both the user is told once. */
interface Problem {
  readonly why: string;
  readonly advice: string;
  readonly signals: Signal[];
}

function addProblem(problems: Problem[], signal: Signal, why: string, advice: string): void {
  const known = problems.find((problem) => problem.why === why);
  if (known) known.signals.push(signal);
  else problems.push({ why, advice, signals: [signal] });
}

function sentence({ why, advice, signals }: Problem): string {
  const none = signals.map((signal) => `no ${signal.toLowerCase()}`).join(' and ');
  return `${why}, so ${none} are sent: ${advice}.`;
}

function formatOf(signal: Signal, environment: Environment, problems: Problem[]): OtlpFormat | null {
  const exporterName = `OTEL_${signal}_EXPORTER`;
  const exporter = textOf(environment, exporterName);
  if (exporter === 'none') return null;
  if (exporter !== undefined && exporter !== 'otlp') {
    addProblem(problems, signal, `${exporterName}=${exporter} is not known here`, 'use otlp or none');
    return null;
  }
  const endpointNames = [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  const endpointName = endpointNames.find((name) => textOf(environment, name) !== undefined);
  if (endpointName === undefined && exporter === undefined) return null;
  const endpoint = endpointName === undefined ? undefined : textOf(environment, endpointName);
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    const why = `${endpointName} is not a URL that starts with http:// or https://`;
    addProblem(problems, signal, why, 'set it to one such as http://localhost:4318');
    return null;
  }
  const protocol =
    textOf(environment, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ??
    textOf(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL') ??
    'http/protobuf';
  if (protocol === 'http/protobuf' || protocol === 'http/json') return protocol;
  const advice = 'set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf (usually port 4318)';
  addProblem(problems, signal, `OTLP over ${protocol} is not built in`, advice);
  return null;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** An empty variable counts as one that is not set, as the standard says. */
function textOf(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}
