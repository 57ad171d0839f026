import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelCall, TaskStarted } from '../work-events.ts';
import { WorkSpans } from './WorkSpans.ts';

const urls = {
  'claude-specialist': 'https://api.anthropic.com',
  'ollama-specialist': 'http://127.0.0.1:11434',
};
const started: TaskStarted = {
  type: 'task-started',
  taskId: 'task-1',
  startedAtMs: 2_000_000_000_000,
  agent: 'claude-specialist',
  cause: 'complex',
  complexity: 'complex',
  score: 0.8,
  estimatedTokens: 1_000,
  forced: false,
};
const call: ModelCall = {
  type: 'model-call',
  taskId: 'task-1',
  agent: 'claude-specialist',
  requestModel: 'claude-sonnet-5-5',
  responseModel: 'claude-sonnet-5-5',
  responseId: 'msg_1',
  maxTokens: 900,
  stopReason: 'end_turn',
  startedAtMs: 2_000_000_000_100,
  endedAtMs: 2_000_000_000_300,
  usage: {
    inputTokens: 10,
    cacheCreationInputTokens: 20,
    cacheReadInputTokens: 30,
    outputTokens: 5,
  },
  heldTokens: 1_200,
  errorType: null,
};
const review = {
  type: 'review',
  taskId: 'task-1',
  startedAtMs: 2_000_000_000_300,
  endedAtMs: 2_000_000_000_900,
  agent: 'claude-specialist',
  purpose: 'answer',
  outcome: 'needs-repair',
  errors: 1,
  warnings: 0,
} as const;

describe('WorkSpans', () => {
  let memory: InMemorySpanExporter;
  let spans: WorkSpans;

  beforeEach(() => {
    memory = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
    spans = new WorkSpans(provider.getTracer('test'), { door: 'cli', urls, traceparent: null });
  });
  const finished = () => memory.getFinishedSpans();

  it("puts a project's checks below the review that they belong to", () => {
    spans.add(started);
    spans.add({
      type: 'check',
      taskId: 'task-1',
      name: 'tsc',
      outcome: 'passed',
      startedAtMs: 2_000_000_000_400,
      durationMs: 50,
    });
    spans.add({
      type: 'check',
      taskId: 'task-1',
      name: 'npm test',
      outcome: 'failed',
      startedAtMs: 2_000_000_000_500,
      durationMs: 300,
    });
    spans.add(review);
    spans.add(review);
    const [first, second, reviewed, later] = finished();
    expect([first, second].map((span) => span?.attributes)).toEqual([
      { 'teelamma.check.name': 'tsc', 'teelamma.outcome': 'passed' },
      { 'teelamma.check.name': 'npm test', 'teelamma.outcome': 'failed' },
    ]);
    expect(second?.parentSpanContext?.spanId).toBe(reviewed?.spanContext().spanId);
    expect(second?.startTime).toEqual([2_000_000_000, 500_000_000]);
    expect(second?.endTime).toEqual([2_000_000_000, 800_000_000]);
    expect(later?.name).toBe('review');
    expect(finished()).toHaveLength(4);
  });

  it('counts the tokens of the cache as input, as the conventions say, and names the server', () => {
    spans.add(started);
    spans.add(call);
    expect(finished()[0]?.attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 60,
      'gen_ai.usage.cache_read.input_tokens': 30,
      'gen_ai.usage.cache_creation.input_tokens': 20,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.request.max_tokens': 900,
      'server.address': 'api.anthropic.com',
      'server.port': 443,
    });
    expect(finished()[0]?.attributes).not.toHaveProperty('error.type');
  });

  it('ends a task once, and takes what comes for a task that it does not know', () => {
    const ended = {
      type: 'task-ended',
      taskId: 'task-1',
      startedAtMs: started.startedAtMs,
      endedAtMs: 2_000_000_001_000,
      outcome: 'aborted',
      agent: null,
      chargedTokens: 0,
      costUsd: null,
      errorType: 'aborted',
    } as const;
    spans.add(started);
    spans.add(ended);
    spans.add(ended);
    spans.add({ ...call, taskId: 'task-2' });
    expect(finished().map(({ name }) => name)).toEqual([
      'invoke_workflow teelamma-task',
      'chat claude-sonnet-5-5',
    ]);
    expect(finished()[0]).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'aborted' } });
    expect(finished()[1]?.parentSpanContext).toBeUndefined();
  });

  it.each(['00-zz-b7ad6b7169203331-01', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
    'begins a trace of its own where a client sends %s',
    (traceparent) => {
      spans.add({
        type: 'request',
        startedAtMs: 2_000_000_000_000,
        endedAtMs: 2_000_000_000_500,
        model: 'claude-sonnet-5-5',
        agent: 'none',
        cause: 'budget',
        status: 429,
        traceparent,
        from: 'claude-specialist',
        calls: [],
      });
      const [span] = finished();
      expect(span?.parentSpanContext).toBeUndefined();
      // A 4xx is no error of the server's.
      expect(span?.status.code).toBe(0);
    },
  );
});
