import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { hashGatewayKey } from '../../src/gateway/keys/gateway-key.ts';
import { startInstallation } from '../support/installation.ts';
import { registerHostTelemetry } from '../support/memory-telemetry.ts';
import { parseScrape, type Scrape } from '../support/prometheus-text.ts';
import { promqlNames } from '../support/promql-names.ts';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';

const model = 'claude-sonnet-5-5';
const client = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a program around the library that has registered nothing', () => {
  // First in this file: what a program has registered once leaves a trace that cannot be removed.
  it('has nothing of OpenTelemetry take part', async () => {
    await using installation = await startInstallation();
    const app = await installation.open();
    expect(app.observe).toBeUndefined();
    expect(app.scrape).toBeNull();
  });
});

describe('a program around the library that has registered a provider', () => {
  it('gets the spans of a task below its own active span', async () => {
    using host = registerHostTelemetry();
    await using installation = await startInstallation();
    const app = await installation.open();
    await trace.getTracer('host').startActiveSpan('nightly', async (span) => {
      await app.pipeline.executeTask('Explain what a mutex is', 'claude-specialist');
      span.end();
    });
    const spans = host.spans.getFinishedSpans();
    const nightly = named(spans, 'nightly');
    const task = named(spans, 'invoke_workflow teelamma-task');
    expect(task.parentSpanContext?.spanId).toBe(nightly.spanContext().spanId);
    expect(task.attributes).toMatchObject({ 'teelamma.door': 'library', 'teelamma.cause': 'forced' });
    expect(named(spans, `chat ${model}`).parentSpanContext?.spanId).toBe(task.spanContext().spanId);
    expect(named(spans, 'review').spanContext().traceId).toBe(nightly.spanContext().traceId);
  });

  it('sees a task that nobody could do as an error, with each call that was made', async () => {
    using host = registerHostTelemetry();
    await using installation = await startInstallation();
    const app = await installation.open();
    const task = 'Explain what a mutex is [[sim:529]] [[sim-ollama:500]]';
    await expect(app.pipeline.executeTask(task, 'claude-specialist')).rejects.toThrow('Nobody could do this');
    const spans = host.spans.getFinishedSpans();
    expect(named(spans, 'invoke_workflow teelamma-task')).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': 'no-specialist-available', 'teelamma.outcome': 'failed' },
    });
    expect(named(spans, `chat ${model}`).attributes['error.type']).toBe('overloaded');
    expect(named(spans, 'chat qwen3:8b').attributes['error.type']).toBe('server-error');
  });
});

describe('the gateway', () => {
  it('takes the client into its trace, and tells of both calls where one fails', async () => {
    using host = registerHostTelemetry();
    await using gateway = await startTestGateway({ app: { door: 'gateway' } });
    await ask(gateway, 'Say hello. [[sim:529]]', { traceparent: client });
    await ask(gateway, 'Say hello.');
    await gateway.settled();
    const spans = host.spans.getFinishedSpans();
    const [first, second] = spans.filter(({ name }) => name === 'POST /v1/messages');
    expect(first?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(first?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(first).toMatchObject({
      kind: 1,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/messages',
        'http.response.status_code': 200,
        'teelamma.door': 'gateway',
        'teelamma.agent': 'ollama-specialist',
        'teelamma.from': 'claude-specialist',
        'teelamma.cause': 'error-answer',
      },
    });
    const calls = spans.filter(
      ({ parentSpanContext: parent }) => parent?.spanId === first?.spanContext().spanId,
    );
    expect(calls.map(({ name, kind }) => [name, kind])).toEqual([
      [`chat ${model}`, 2],
      ['chat qwen3:8b', 2],
    ]);
    expect(calls[0]?.attributes['error.type']).toBe('529');
    expect(calls[1]?.attributes['gen_ai.usage.output_tokens']).toEqual(expect.any(Number));
    expect(second?.parentSpanContext).toBeUndefined();
    expect(second?.attributes).toMatchObject({
      'teelamma.cause': 'rule',
      'teelamma.agent': 'claude-specialist',
    });
    // The client's own header goes on as it came, and none is made up.
    const sent = gateway.installation.claude.requests.map(({ headers }) => headers['traceparent']);
    expect(sent).toEqual([client, undefined]);
  });

  it('serves metrics that a parser of the text format reads, under the convention names', async () => {
    await using gateway = await startScraped();
    await ask(gateway, 'Say hello.');
    await ask(gateway, 'Say hello. [[sim:529]]');
    await gateway.settled();
    const { types, samples } = await scrape(gateway);
    expect(types.get('gen_ai_client_token_usage')).toBe('histogram');
    expect(types.get('teelamma_decisions_total')).toBe('counter');
    expect(types.get('teelamma_budget_used')).toBe('gauge');
    const called = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: 'anthropic',
      gen_ai_request_model: model,
    };
    const of = (name: string) => samples.filter((sample) => sample.name === name);
    expect(of('gen_ai_client_token_usage_count')).toContainEqual({
      name: 'gen_ai_client_token_usage_count',
      labels: { ...called, gen_ai_token_type: 'output' },
      value: '1',
    });
    const buckets = of('gen_ai_client_operation_duration_seconds_bucket').filter(
      ({ labels }) => labels['error_type'] === '529',
    );
    expect(buckets.map(({ labels }) => labels['le'])).toEqual(
      '0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92 +Inf'.split(' '),
    );
    expect(
      of('teelamma_decisions_total').map(({ labels, value }) => [
        labels['teelamma_agent'],
        labels['teelamma_cause'],
        value,
      ]),
    ).toEqual([
      ['claude-specialist', 'rule', '1'],
      ['ollama-specialist', 'error-answer', '1'],
    ]);
    const [budget] = gateway.app.ledger.snapshot();
    expect(of('teelamma_budget_used')).toEqual([
      {
        name: 'teelamma_budget_used',
        labels: { teelamma_budget_name: 'default' },
        value: String(budget?.settledTokens),
      },
    ]);
  });

  it('shows them to whoever may use it, and to no web page of others', async () => {
    const hash = hashGatewayKey('tlm_test-key');
    const keys = [{ id: '1', name: 'prometheus', hash, user: null, project: null, createdAtMs: 0 }];
    await using gateway = await startScraped({ ports: { keys: () => keys } });
    const get = (headers: Record<string, string>) => fetch(`${gateway.url}/metrics`, { headers });
    expect((await get({})).status).toBe(401);
    expect((await get({ authorization: 'Bearer tlm_test-key' })).status).toBe(200);
    expect((await get({ authorization: 'Bearer tlm_test-key', origin: 'https://evil.example' })).status).toBe(
      403,
    );
    const head = await fetch(`${gateway.url}/metrics`, {
      method: 'HEAD',
      headers: { 'x-teelamma-key': 'tlm_test-key' },
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
  });
});

describe('examples/grafana', () => {
  it('asks only for metrics and labels that a scrape has', async () => {
    const dashboard = readFileSync(
      resolve(import.meta.dirname, '../../examples/grafana/dashboard.json'),
      'utf8',
    );
    const asked = promqlNames(JSON.parse(dashboard));
    expect(asked.length).toBeGreaterThan(15);
    await using gateway = await startScraped({
      limit: 700,
      config: { budgets: [{ name: 'money', limit: '$5', window: '7d', each: 'model' }] },
    });
    await ask(gateway, 'Say hello. [[sim:529]]');
    for (let turn = 0; turn < 20; turn += 1) await ask(gateway, 'Say hello.');
    await gateway.settled();
    const known = labelsByName(await scrape(gateway));
    const missing = asked.filter(
      ({ metric, labels }) =>
        !known.has(metric) ||
        // Prometheus itself adds the instance.
        !labels.every((label) => label === 'instance' || known.get(metric)?.has(label)),
    );
    expect(missing).toEqual([]);
  });
});

function startScraped(options: Parameters<typeof startTestGateway>[0] = {}): Promise<TestGateway> {
  return startTestGateway({ ...options, app: { door: 'gateway', metrics: true } });
}

async function ask(gateway: TestGateway, words: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'x-api-key': 'k',
      ...headers,
    },
    body: JSON.stringify({ model, max_tokens: 60, messages: [{ role: 'user', content: words }] }),
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  await answer.text();
}

async function scrape(gateway: TestGateway): Promise<Scrape> {
  const page = await fetch(`${gateway.url}/metrics`);
  return parseScrape(await page.text());
}

/** Every label that each metric has in the page, as PromQL calls it. */
function labelsByName({ samples }: Scrape): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  for (const { name, labels } of samples) {
    const seen = known.get(name) ?? new Set();
    for (const label of Object.keys(labels)) seen.add(label);
    known.set(name, seen);
  }
  return known;
}

function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const span = spans.find((each) => each.name === name);
  if (span === undefined)
    throw new Error(`No span ${name} among ${spans.map((each) => each.name).join(', ')}`);
  return span;
}
