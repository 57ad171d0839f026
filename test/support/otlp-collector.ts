import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** A span as it came over the wire, with its attributes as plain values. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly status: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
}

export interface ReceivedPoint {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of a gauge or a sum; for a histogram its sum. */
  readonly value: number;
  readonly count?: number;
  readonly bounds?: readonly number[];
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly ReceivedPoint[];
}

export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly requests: {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly bytes: number;
  }[];
  spans(): readonly ReceivedSpan[];
  /** The latest export of each metric. */
  metrics(): ReadonlyMap<string, ReceivedMetric>;
  /** Every byte that came, as text, to look for what must not be in it. */
  readonly raw: Buffer[];
}

export interface CollectorOptions {
  /** Takes requests and never answers them. */
  readonly isDeaf?: boolean;
}

/**
 * Takes OTLP over HTTP as a collector does, in protobuf and JSON. Messages are read with the code that the OpenTelemetry project
 * generated from its .proto files, not with that of the exporter which wrote them.
 */
export async function startOtlpCollector({ isDeaf = false }: CollectorOptions = {}): Promise<OtlpCollector> {
  const requests: OtlpCollector['requests'] = [];
  const raw: Buffer[] = [];
  const traces: Message[] = [];
  const metrics: Message[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { url: path = '', headers } = request;
      requests.push({ path, headers, bytes: body.length });
      raw.push(body);
      const signal = path.endsWith('/v1/traces') ? 'trace' : path.endsWith('/v1/metrics') ? 'metrics' : null;
      if (signal === null || request.method !== 'POST') return void response.writeHead(404).end();
      (signal === 'trace' ? traces : metrics).push(readMessage(signal, headers['content-type'], body));
      if (isDeaf) return;
      response.writeHead(200, { 'content-type': headers['content-type'] ?? '' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    raw,
    spans: () => traces.flatMap(spansOf),
    metrics: () => new Map(metrics.flatMap(metricsOf).map((metric) => [metric.name, metric])),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A decoded message, in the form of OTLP's JSON but for bytes, which are hex here. */
type Message = Readonly<Record<string, unknown>>;

interface MessageType {
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: object): Message;
}

interface GeneratedRoot {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: MessageType } };
        readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: MessageType } };
      };
    };
  };
}

const require = createRequire(import.meta.url);

function readMessage(signal: 'trace' | 'metrics', contentType: string | undefined, body: Buffer): Message {
  if (contentType === 'application/json') return JSON.parse(body.toString()) as Message;
  if (contentType !== 'application/x-protobuf') throw new Error(`Not OTLP: ${contentType}`);
  const root = require('otlp-messages/build/src/generated/root') as GeneratedRoot;
  const { trace, metrics } = root.opentelemetry.proto.collector;
  const type =
    signal === 'trace' ? trace.v1.ExportTraceServiceRequest : metrics.v1.ExportMetricsServiceRequest;
  return type.toObject(type.decode(body), { longs: String, enums: Number, bytes: Array });
}

function spansOf(message: Message): ReceivedSpan[] {
  return listOf(message, 'resourceSpans').flatMap((group) =>
    listOf(group, 'scopeSpans').flatMap((scoped) =>
      listOf(scoped, 'spans').map((span) => ({
        name: String(span['name']),
        kind: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT'][Number(span['kind'])] ?? '',
        traceId: hexOf(span['traceId']),
        spanId: hexOf(span['spanId']),
        parentSpanId: hexOf(span['parentSpanId']),
        startMs: Number(BigInt(String(span['startTimeUnixNano'])) / 1_000_000n),
        endMs: Number(BigInt(String(span['endTimeUnixNano'])) / 1_000_000n),
        attributes: attributesOf(span),
        events: listOf(span, 'events').map((event) => ({
          name: String(event['name']),
          attributes: attributesOf(event),
        })),
        status: ['UNSET', 'OK', 'ERROR'][Number(recordOf(span, 'status')['code'] ?? 0)] ?? '',
        resource: attributesOf(recordOf(group, 'resource')),
        scope: String(recordOf(scoped, 'scope')['name']),
      })),
    ),
  );
}

function metricsOf(message: Message): ReceivedMetric[] {
  return listOf(message, 'resourceMetrics').flatMap((group) =>
    listOf(group, 'scopeMetrics').flatMap((scoped) =>
      listOf(scoped, 'metrics').map((metric) => {
        const kind = (['gauge', 'sum', 'histogram'] as const).find((each) => metric[each] !== undefined);
        if (kind === undefined) throw new Error(`A metric of no kind: ${JSON.stringify(metric)}`);
        return {
          name: String(metric['name']),
          unit: String(metric['unit']),
          kind,
          points: listOf(recordOf(metric, kind), 'dataPoints').map((point) => ({
            attributes: attributesOf(point),
            value: Number(point['asDouble'] ?? point['asInt'] ?? point['sum']),
            ...(point['count'] !== undefined && { count: Number(point['count']) }),
            ...(point['explicitBounds'] !== undefined && {
              bounds: point['explicitBounds'] as readonly number[],
            }),
          })),
        };
      }),
    ),
  );
}

function attributesOf(holder: Message): Record<string, unknown> {
  return Object.fromEntries(
    listOf(holder, 'attributes').map((each) => [String(each['key']), plainValue(recordOf(each, 'value'))]),
  );
}

function plainValue(value: Message): unknown {
  if (value['intValue'] !== undefined) return Number(value['intValue']);
  if (value['arrayValue'] !== undefined)
    return listOf(recordOf(value, 'arrayValue'), 'values').map((each) => plainValue(each));
  return value['stringValue'] ?? value['doubleValue'] ?? value['boolValue'];
}

function listOf(holder: Message, name: string): Message[] {
  return (holder[name] ?? []) as Message[];
}

function recordOf(holder: Message, name: string): Message {
  return (holder[name] ?? {}) as Message;
}

/** JSON has identifiers as hex already. */
function hexOf(bytes: unknown): string {
  if (Array.isArray(bytes)) return Buffer.from(bytes).toString('hex');
  return String(bytes ?? '');
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
