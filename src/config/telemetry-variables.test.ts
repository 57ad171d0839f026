import { describe, expect, it } from 'vitest';
import { telemetryVariables } from './telemetry-variables.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('telemetryVariables', () => {
  it('asks for nothing where no endpoint and no exporter is named', () => {
    expect(telemetryVariables({ OTEL_SERVICE_NAME: 'desk' })).toMatchObject({
      traces: null,
      metrics: null,
      problems: [],
    });
    expect(telemetryVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' })).toMatchObject({ traces: null });
  });

  it('sends both signals to an endpoint, in protobuf', () => {
    const both = { traces: 'http/protobuf', metrics: 'http/protobuf' };
    expect(telemetryVariables(endpoint)).toMatchObject({ ...both, timeoutMs: 3_000 });
    expect(telemetryVariables({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp' })).toMatchObject(
      both,
    );
  });

  it('takes each signal by itself', () => {
    const only = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/v1/traces' };
    expect(telemetryVariables(only)).toMatchObject({ traces: 'http/protobuf', metrics: null });
    expect(telemetryVariables({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({
      traces: null,
      metrics: 'http/protobuf',
    });
    expect(
      telemetryVariables({ ...endpoint, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }),
    ).toMatchObject({ traces: 'http/protobuf', metrics: 'http/json' });
  });

  it('is off altogether where the SDK is', () => {
    const off = { ...endpoint, OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(telemetryVariables(off)).toMatchObject({ traces: null, metrics: null, problems: [] });
  });

  it('leaves a timeout that is set to the SDK, and reads the interval', () => {
    const set = { ...endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '500', OTEL_METRIC_EXPORT_INTERVAL: '5000' };
    expect(telemetryVariables(set)).toMatchObject({ timeoutMs: null, metricIntervalMs: 5_000 });
    expect(telemetryVariables({ ...endpoint, OTEL_METRIC_EXPORT_INTERVAL: 'often' })).toMatchObject({
      metricIntervalMs: 60_000,
    });
  });

  it.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT is not a URL .*, so no traces and no metrics are sent: /,
    ],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /^OTLP over grpc is not built in, so no traces and no metrics are sent: /,
    ],
    [
      { ...endpoint, OTEL_TRACES_EXPORTER: 'zipkin' },
      /^OTEL_TRACES_EXPORTER=zipkin is not known here, so no traces are sent: /,
    ],
  ])('says once what it cannot do: %o', (environment, problem) => {
    const { traces, problems } = telemetryVariables(environment);
    expect(traces).toBeNull();
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  it('says of each signal what it cannot do where the reasons are two', () => {
    const { problems } = telemetryVariables({
      ...endpoint,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'collector',
    });
    expect(problems).toHaveLength(2);
  });
});
