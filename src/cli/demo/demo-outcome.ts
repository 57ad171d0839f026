import type { App } from '../../app.ts';
import type { TaskEvent, TaskResult } from '../../task-events.ts';
import { shortAgent } from '../log/summarize-entry.ts';
import { stillCharged } from '../run/still-charged.ts';
import type { DemoTask } from './demo-tasks.ts';

/** What came of one task of the demo. It has no ids and no times, so that it is the same in every run. */
export interface DemoOutcome {
  readonly task: string;
  /** The fault that was asked for, in words; null where there was none. */
  readonly note: string | null;
  /** The Router's assessment. */
  readonly level: 'simple' | 'complex';
  readonly decision: { readonly targetAgent: string; readonly reason: string };
  /** Who gave the answer in the end, with which model. */
  readonly agent: string;
  readonly model: string;
  readonly verdict: string;
  /** What happened on the way, in order and in words: handovers, what the critic did not approve, repairs, thresholds, warnings. */
  readonly events: readonly string[];
  readonly chargedTokens: number;
  /** Tokens of Ollama, which nobody pays for. */
  readonly freeTokens: number;
  /** The start of the answer, on one line; it says that it is simulated. */
  readonly answer: string;
  readonly remainingTokens: number;
}

export function demoOutcome(
  { text, note }: DemoTask,
  { result, events }: { readonly result: TaskResult; readonly events: readonly TaskEvent[] },
  app: App,
): DemoOutcome {
  const { decision, turns, verdict } = result;
  const plain = (words: string): string => withoutPorts(words, app);
  return {
    task: text,
    note: note ?? null,
    level: decision.complexity.level,
    decision: { targetAgent: decision.targetAgent, reason: plain(decision.reason) },
    agent: result.agent,
    model: result.model,
    verdict: verdict.outcome,
    events: events.flatMap((event) => describe(event)).map(plain),
    chargedTokens: result.chargedTokens,
    freeTokens: turns
      .filter(({ agent }) => agent === 'ollama-specialist')
      .reduce((sum, { usage }) => sum + usage.inputTokens + usage.outputTokens, 0),
    answer: result.output.replaceAll(/\s+/g, ' ').slice(0, 120),
    remainingTokens: Math.min(...result.budgets.map(({ remainingTokens }) => remainingTokens)),
  };
}

/** What is out of the ordinary, in words; nothing for the rest. */
function describe(event: TaskEvent): string[] {
  switch (event.type) {
    case 'handover':
      return [
        `handover to ${shortAgent(event.handover.to)}: ${event.handover.reason}${stillCharged(event.handover)}`,
      ];
    case 'verdict': {
      const [issue] = event.verdict.issues.filter(({ severity }) => severity === 'error');
      if (event.verdict.outcome === 'approved') return [];
      return [
        `critic on ${shortAgent(event.agent)}'s answer: ${event.verdict.outcome}. ${issue?.message ?? ''}`.trim(),
      ];
    }
    case 'turn-started':
      return event.purpose === 'answer' ? [] : [`${event.purpose} by ${shortAgent(event.agent)}`];
    case 'threshold':
      return [`${event.percent}% of the budget is used`];
    case 'warning':
      return [`warning: ${event.message}`];
    default:
      return [];
  }
}

/** The simulators' ports are new in every run and mean nothing to the reader. */
function withoutPorts(words: string, { simulators }: App): string {
  if (!simulators) return words;
  return words
    .replaceAll(simulators.claude.url, '(simulator)')
    .replaceAll(simulators.ollama.url, '(simulator)');
}
