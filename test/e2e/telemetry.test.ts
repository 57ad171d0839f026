import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type OtlpCollector, type ReceivedSpan, startOtlpCollector } from '../support/otlp-collector.ts';
import { parseScrape } from '../support/prometheus-text.ts';
import { startTeelamma } from '../support/teelamma.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { teelamma } from './command.ts';

const secret = 'zebra-4711';
/** Claude answers 529, so that the task passes to Ollama; the critic then finds nothing to mend. */
const overloaded = `Refactor the session store (${secret}) so that several workers can share it without losing updates, explain the trade-offs and design the migration. [[sim:529]]`;

/** Writes every module that is loaded to stderr. */
const showModules =
  "data:text/javascript,import{registerHooks}from'node:module';registerHooks({load(u,c,n){process.stderr.write('LOADS '+u+'\\n');return n(u,c)}})";
const telemetryModules = /LOADS .*(opentelemetry|open-telemetry|prometheus)/;

describe('teelamma run without a collector', () => {
  it('loads nothing of OpenTelemetry', async () => {
    const { exitCode, stderr } = await run({}, 'Explain what a mutex is', ['--import', showModules]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/LOADS .*pipeline/);
    expect(stderr).not.toMatch(telemetryModules);
  });
});

describe('teelamma run with a collector', () => {
  it('sends the tree of a task and its metrics in protobuf, with the names of the conventions', async () => {
    await using collector = await startOtlpCollector();
    const { exitCode } = await run(
      sendTo(collector, {
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=site',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
        TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      }),
      overloaded,
    );
    expect(exitCode).toBe(0);
    expect(
      collector.requests.map(({ path, headers }) => [path, headers['content-type'], headers['x-tenant']]),
    ).toEqual(
      expect.arrayContaining([
        ['/v1/traces', 'application/x-protobuf', 'site'],
        ['/v1/metrics', 'application/x-protobuf', 'site'],
      ]),
    );

    const spans = collector.spans();
    const task = named(spans, 'invoke_workflow teelamma-task');
    expect(task.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(task.parentSpanId).toBe('b7ad6b7169203331');
    expect(task).toMatchObject({
      kind: 'INTERNAL',
      status: 'UNSET',
      scope: 'claude-teelamma',
      resource: { 'service.name': 'claude-teelamma', 'deployment.environment.name': 'test' },
      attributes: {
        'gen_ai.operation.name': 'invoke_workflow',
        'gen_ai.workflow.name': 'teelamma-task',
        'teelamma.door': 'cli',
        'teelamma.agent': 'claude-specialist',
        'teelamma.cause': 'complex',
        'teelamma.outcome': 'approved',
      },
      events: [
        {
          name: 'teelamma.handover',
          attributes: { 'teelamma.to': 'ollama-specialist', 'teelamma.cause': 'overloaded' },
        },
      ],
    });
    const below = spans.filter((span) => span.parentSpanId === task.spanId);
    expect(below.map(({ name }) => name)).toEqual(['chat claude-sonnet-5-5', 'chat qwen3:8b', 'review']);
    expect(spans).toHaveLength(4);
    const [claude, ollama] = below;
    expect(claude).toMatchObject({
      kind: 'CLIENT',
      status: 'ERROR',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-sonnet-5-5',
        'server.address': '127.0.0.1',
        'error.type': 'overloaded',
      },
    });
    expect(ollama).toMatchObject({
      kind: 'CLIENT',
      status: 'UNSET',
      attributes: {
        'gen_ai.provider.name': 'ollama',
        'gen_ai.response.model': 'qwen3:8b',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
      },
    });
    for (const span of below) {
      expect(span.startMs).toBeGreaterThanOrEqual(task.startMs);
      expect(span.endMs).toBeLessThanOrEqual(task.endMs);
    }

    const metrics = collector.metrics();
    expect(metrics.get('gen_ai.client.operation.duration')).toMatchObject({ kind: 'histogram', unit: 's' });
    expect(
      metrics.get('gen_ai.client.operation.duration')?.points.map((point) => point.bounds),
    ).toContainEqual([
      0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ]);
    expect(metrics.get('gen_ai.client.token.usage')).toMatchObject({
      kind: 'histogram',
      unit: '{token}',
      points: [
        { attributes: { 'gen_ai.token.type': 'input', 'gen_ai.provider.name': 'ollama' }, count: 1 },
        { attributes: { 'gen_ai.token.type': 'output', 'gen_ai.provider.name': 'ollama' }, count: 1 },
      ],
    });
    expect(metrics.get('gen_ai.client.token.usage')?.points[0]?.bounds).toEqual([
      1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ]);
    expect(metrics.get('teelamma.handovers')?.points).toMatchObject([
      { value: 1, attributes: { 'teelamma.from': 'claude-specialist', 'teelamma.cause': 'overloaded' } },
    ]);
    expect(metrics.get('teelamma.budget.limit')?.points).toMatchObject([
      { value: 10_000, attributes: { 'teelamma.budget.name': 'default' } },
    ]);
    expect(metrics.get('teelamma.budget.remaining')?.points).toMatchObject([{ value: 10_000 }]);
    expect(Buffer.concat(collector.raw).toString('latin1')).not.toContain(secret);
  });

  it('sends JSON where that is asked for, and only the signal that is', async () => {
    await using collector = await startOtlpCollector();
    const { exitCode } = await run(
      sendTo(collector, {
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_SERVICE_NAME: 'desk',
      }),
      'Explain what a mutex is',
    );
    expect(exitCode).toBe(0);
    expect(collector.requests.map(({ path, headers }) => [path, headers['content-type']])).toEqual([
      ['/v1/traces', 'application/json'],
    ]);
    const spans = collector.spans();
    expect(spans.map(({ name }) => name)).toContain('invoke_workflow teelamma-task');
    expect(named(spans, 'review').resource['service.name']).toBe('desk');
    expect(named(spans, 'chat qwen3:8b').traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['a collector that never answers', {}, 'Telemetry could not be sent: Request timed out'],
    [
      'one that is not there',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:2' },
      'Telemetry could not be sent: connect ECONNREFUSED',
    ],
  ])('does the task in spite of %s, and says so in one line', async (_name, variables, warning) => {
    await using collector = await startOtlpCollector({ isDeaf: true });
    const { exitCode, stdout, stderr } = await run(
      sendTo(collector, {
        ...variables,
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      }),
      'Explain what a mutex is',
      ['--import', showModules],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain('[simulated qwen3:8b]');
    expect(stderr).toMatch(telemetryModules);
    expect(stderr).toContain(warning);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('servers with a collector', () => {
  it('teelamma serve shows metrics while it runs, and sends what is left when it is ended', async () => {
    await using collector = await startOtlpCollector();
    const folder = temporaryHome();
    const serving = startTeelamma(['serve', '--simulate', '--port', '0'], {
      ...sendTo(collector),
      HOME: folder.home,
    });
    try {
      const url = await eventually(() => {
        const [, printed] = /ANTHROPIC_BASE_URL=(\S+)/.exec(serving.printed.stdout) ?? [];
        if (printed === undefined) throw new Error(`Not listening: ${serving.printed.stderr}`);
        return printed;
      });
      const body = {
        model: 'claude-sonnet-5-5',
        max_tokens: 60,
        messages: [{ role: 'user', content: secret }],
      };
      const headers = {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'x-api-key': 'k',
      };
      const answer = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
      await answer.text();
      const { samples } = parseScrape(await (await fetch(`${url}/metrics`)).text());
      const called = samples.filter(({ name }) => name === 'gen_ai_client_operation_duration_seconds_count');
      expect(called.map(({ value }) => value)).toEqual(['1']);
      expect(collector.requests).toEqual([]);
    } finally {
      serving.child.kill('SIGTERM');
      expect((await serving.result).code).toBe(0);
      folder.remove();
    }
    const request = named(collector.spans(), 'POST /v1/messages');
    expect(named(collector.spans(), 'chat claude-sonnet-5-5').parentSpanId).toBe(request.spanId);
    expect(collector.metrics().get('teelamma.decisions')?.points).toMatchObject([
      { value: 1, attributes: { 'teelamma.door': 'gateway', 'teelamma.cause': 'rule' } },
    ]);
    expect(Buffer.concat(collector.raw).toString('latin1')).not.toContain(secret);
  });

  it('teelamma mcp sends its budgets when its client has gone', async () => {
    await using collector = await startOtlpCollector();
    const folder = temporaryHome();
    try {
      const { result } = startTeelamma(['mcp', '--simulate'], { ...sendTo(collector), HOME: folder.home });
      expect(await result).toMatchObject({ code: 0, stdout: '' });
    } finally {
      folder.remove();
    }
    expect(collector.metrics().get('teelamma.budget.limit')?.points).toMatchObject([{ value: 10_000 }]);
  });
});

function sendTo(collector: OtlpCollector, variables: Readonly<Record<string, string>> = {}) {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...variables };
}

async function run(
  environment: Readonly<Record<string, string>>,
  task: string,
  nodeOptions: readonly string[] = [],
) {
  const folder = temporaryHome();
  try {
    return await teelamma(['run', '--simulate', task], {
      home: folder.home,
      environment,
      nodeOptions,
    });
  } finally {
    folder.remove();
  }
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const span = spans.find((each) => each.name === name);
  if (span === undefined)
    throw new Error(`No span ${name} among ${spans.map((each) => each.name).join(', ')}`);
  return span;
}
