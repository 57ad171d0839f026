import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_WORKFLOW_NAME,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '@opentelemetry/semantic-conventions/incubating';
import type {
  AnswerReviewed,
  CheckEnded,
  ModelCall,
  RequestAnswered,
  TaskEnded,
  TaskStarted,
  WorkEvent,
} from '../work-events.ts';
import { own } from './attribute-names.ts';
import { callAttributes, type ProviderUrls } from './call-attributes.ts';
import { workflowName } from './workflow-name.ts';

export interface WorkSpansOptions {
  readonly door: string;
  readonly urls: ProviderUrls;
  /** W3C `traceparent` of the span that all of this process belongs to; null for none. */
  readonly traceparent: string | null;
}

/**
 * Makes spans of what happened, when it has happened: each gets the times of its event. A task is a workflow span with its calls and
 * reviews below it, and a review has the project's checks below it; a request of the gateway is a server span with its calls below it.
 */
export class WorkSpans {
  private readonly tracer: Tracer;
  private readonly options: WorkSpansOptions;
  private readonly tasks = new Map<string, OpenTask>();

  constructor(tracer: Tracer, options: WorkSpansOptions) {
    this.tracer = tracer;
    this.options = options;
  }

  add(event: WorkEvent): void {
    switch (event.type) {
      case 'task-started':
        this.begin(event);
        return;
      case 'model-call':
        this.call(event, this.contextOf(event.taskId));
        return;
      case 'handover': {
        const { taskId, atMs, from, to, cause } = event;
        const attributes = { [own.from]: from, [own.to]: to, [own.cause]: cause };
        this.tasks.get(taskId)?.span.addEvent('teelamma.handover', attributes, new Date(atMs));
        return;
      }
      case 'check':
        this.tasks.get(event.taskId)?.checks.push(event);
        return;
      case 'review':
        this.review(event);
        return;
      case 'task-ended':
        this.end(event);
        return;
      case 'request':
        this.request(event);
        return;
    }
  }

  private begin(task: TaskStarted): void {
    const span = this.start(
      `${GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW} ${workflowName}`,
      SpanKind.INTERNAL,
      task.startedAtMs,
      parentOf(this.options.traceparent),
      {
        [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
        [ATTR_GEN_AI_WORKFLOW_NAME]: workflowName,
        [own.taskId]: task.taskId,
        [own.door]: this.options.door,
        [own.agent]: task.agent,
        [own.cause]: task.cause,
        [own.complexity]: task.complexity,
        [own.score]: task.score,
        [own.estimatedTokens]: task.estimatedTokens,
        [own.isForced]: task.forced,
      },
    );
    this.tasks.set(task.taskId, { span, checks: [] });
  }

  private end({ taskId, endedAtMs, outcome, chargedTokens, costUsd, errorType }: TaskEnded): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    this.tasks.delete(taskId);
    task.span.setAttributes({
      [own.outcome]: outcome,
      [own.chargedTokens]: chargedTokens,
      ...(costUsd !== null && { [own.costUsd]: costUsd }),
    });
    endSpan(task.span, endedAtMs, errorType);
  }

  private call(call: ModelCall, parent: Context): void {
    const name = `${GEN_AI_OPERATION_NAME_VALUE_CHAT} ${call.requestModel}`;
    const attributes = callAttributes(call, this.options.urls);
    const span = this.start(name, SpanKind.CLIENT, call.startedAtMs, parent, attributes);
    endSpan(span, call.endedAtMs, call.errorType);
  }

  private review(review: AnswerReviewed): void {
    const { taskId, agent, purpose, outcome, errors, warnings, startedAtMs, endedAtMs } = review;
    const span = this.start('review', SpanKind.INTERNAL, startedAtMs, this.contextOf(taskId), {
      [own.agent]: agent,
      [own.purpose]: purpose,
      [own.outcome]: outcome,
      [own.errors]: errors,
      [own.warnings]: warnings,
    });
    const within = trace.setSpan(ROOT_CONTEXT, span);
    for (const { name, outcome: came, startedAtMs: began, durationMs } of this.takeChecks(taskId)) {
      const attributes = { [own.check]: name, [own.outcome]: came };
      this.start('check', SpanKind.INTERNAL, began, within, attributes).end(new Date(began + durationMs));
    }
    span.end(new Date(endedAtMs));
  }

  private request(request: RequestAnswered): void {
    const { agent, cause, status, from, startedAtMs, endedAtMs, calls } = request;
    const span = this.start(
      'POST /v1/messages',
      SpanKind.SERVER,
      startedAtMs,
      parentOf(request.traceparent),
      {
        [ATTR_HTTP_REQUEST_METHOD]: 'POST',
        [ATTR_HTTP_ROUTE]: '/v1/messages',
        ...(status !== null && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
        [own.door]: this.options.door,
        [own.agent]: agent,
        [own.cause]: cause,
        ...(from !== null && { [own.from]: from }),
      },
    );
    const within = trace.setSpan(ROOT_CONTEXT, span);
    for (const call of calls) this.call(call, within);
    // What a client did wrong is no error of a server (the HTTP conventions on span status).
    const isError = agent === 'none' && (status === null || status >= 500);
    endSpan(span, endedAtMs, isError ? String(status ?? cause) : null);
  }

  private start(
    name: string,
    kind: SpanKind,
    startedAtMs: number,
    parent: Context,
    attributes: Attributes,
  ): Span {
    return this.tracer.startSpan(name, { kind, startTime: new Date(startedAtMs), attributes }, parent);
  }

  private contextOf(taskId: string | null): Context {
    const task = taskId === null ? undefined : this.tasks.get(taskId);
    return task === undefined ? parentOf(this.options.traceparent) : trace.setSpan(ROOT_CONTEXT, task.span);
  }

  private takeChecks(taskId: string): readonly CheckEnded[] {
    return this.tasks.get(taskId)?.checks.splice(0) ?? [];
  }
}

interface OpenTask {
  readonly span: Span;
  /** Those that have run and whose review has not ended. */
  readonly checks: CheckEnded[];
}

/** The given remote span; without one the host's active span, if it has one. */
function parentOf(traceparent: string | null): Context {
  const spanContext = traceparent === null ? null : parseTraceParent(traceparent);
  if (spanContext === null) return context.active();
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, isRemote: true });
}

function endSpan(span: Span, endedAtMs: number, errorType: string | null): void {
  if (errorType !== null) {
    span.setAttribute(ATTR_ERROR_TYPE, errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(new Date(endedAtMs));
}
