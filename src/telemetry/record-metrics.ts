import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_TOKEN_TYPE,
  ATTR_GEN_AI_WORKFLOW_NAME,
} from '@opentelemetry/semantic-conventions/incubating';
import type { ModelCall, WorkEvent } from '../work-events.ts';
import { own } from './attribute-names.ts';
import type { MetricSink } from './Instrument.ts';
import { inputTokens } from './input-tokens.ts';
import { instruments } from './instruments.ts';
import { providerOf } from './provider-of.ts';
import { workflowName } from './workflow-name.ts';

/** Counts what happened. `door` is by which way work comes into this process. */
export function recordMetrics(event: WorkEvent, door: string, sink: MetricSink): void {
  switch (event.type) {
    case 'task-started': {
      const { agent, cause } = event;
      sink.record(instruments.decisions, 1, { [own.door]: door, [own.agent]: agent, [own.cause]: cause });
      return;
    }
    case 'task-ended': {
      const { outcome, agent, errorType, startedAtMs, endedAtMs } = event;
      sink.record(instruments.tasks, 1, {
        [own.door]: door,
        [own.agent]: agent ?? 'none',
        [own.outcome]: outcome,
      });
      sink.record(instruments.taskDuration, seconds(startedAtMs, endedAtMs), {
        [ATTR_GEN_AI_WORKFLOW_NAME]: workflowName,
        ...(errorType !== null && { [ATTR_ERROR_TYPE]: errorType }),
      });
      return;
    }
    case 'model-call':
      recordCall(event, sink);
      return;
    case 'handover': {
      const { from, to, cause } = event;
      sink.record(instruments.handovers, 1, handover(door, from, to, cause));
      return;
    }
    case 'review': {
      const { agent, purpose, outcome } = event;
      const attributes = { [own.agent]: agent, [own.purpose]: purpose, [own.outcome]: outcome };
      sink.record(instruments.reviews, 1, attributes);
      return;
    }
    case 'check':
      sink.record(instruments.checks, 1, { [own.outcome]: event.outcome });
      return;
    case 'request': {
      const { agent, cause, from, calls } = event;
      sink.record(instruments.decisions, 1, { [own.door]: door, [own.agent]: agent, [own.cause]: cause });
      if (from !== null && agent !== 'none' && from !== agent) {
        sink.record(instruments.handovers, 1, handover(door, from, agent, cause));
      }
      for (const call of calls) recordCall(call, sink);
      return;
    }
  }
}

function recordCall(call: ModelCall, sink: MetricSink): void {
  const { agent, requestModel, responseModel, usage, errorType, startedAtMs, endedAtMs } = call;
  const attributes = {
    [ATTR_GEN_AI_OPERATION_NAME]: 'chat',
    [ATTR_GEN_AI_PROVIDER_NAME]: providerOf(agent),
    [ATTR_GEN_AI_REQUEST_MODEL]: requestModel,
    ...(responseModel !== null && { [ATTR_GEN_AI_RESPONSE_MODEL]: responseModel }),
  };
  const ended = errorType === null ? attributes : { ...attributes, [ATTR_ERROR_TYPE]: errorType };
  sink.record(instruments.callDuration, seconds(startedAtMs, endedAtMs), ended);
  if (usage === null) return;
  const { tokenUsage } = instruments;
  sink.record(tokenUsage, inputTokens(usage), { ...attributes, [ATTR_GEN_AI_TOKEN_TYPE]: 'input' });
  sink.record(tokenUsage, usage.outputTokens, { ...attributes, [ATTR_GEN_AI_TOKEN_TYPE]: 'output' });
}

function handover(door: string, from: string, to: string, cause: string) {
  return { [own.door]: door, [own.from]: from, [own.to]: to, [own.cause]: cause };
}

function seconds(startedAtMs: number, endedAtMs: number): number {
  return Math.max(0, endedAtMs - startedAtMs) / 1_000;
}
