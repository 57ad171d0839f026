import type { TaskEvent } from '../task-events.ts';

/** What a progress notification says of an event; null for pieces of text, which are counted instead. */
export function progressText(event: TaskEvent): string | null {
  switch (event.type) {
    case 'decision':
      return `Routing: ${event.decision.targetAgent}. ${event.decision.reason}`;
    case 'turn-started': {
      const held = event.heldTokens > 0 ? `, ${event.heldTokens} tokens held` : '';
      return `${purposes[event.purpose]}: ${event.agent} (${event.model}${held})`;
    }
    case 'text':
      return null;
    case 'waiting':
      return `Waiting: ${event.reason}`;
    case 'tool':
      return `${event.agent}: ${event.name} ${event.subject}`.trimEnd();
    case 'handover':
      return `Handover from ${event.handover.from} to ${event.handover.to}: ${event.handover.reason}`;
    case 'turn-settled':
      if (event.turn.purpose === 'review') return null;
      return `${event.turn.agent} has answered: ${event.turn.usage.outputTokens} output tokens, ${event.turn.chargedTokens} charged`;
    case 'verdict': {
      const errors = event.verdict.issues.filter(({ severity }) => severity === 'error');
      const issues = errors.length > 0 ? `: ${errors.map(({ message }) => message).join(' ')}` : '';
      return `Critic: ${event.verdict.outcome}${issues}`;
    }
    case 'threshold':
      return `Budget ${event.budget.name} has reached ${event.percent} %`;
    case 'warning':
      return `Warning: ${event.message}`;
  }
}

const purposes = { answer: 'Answering', repair: 'Repairing', escalation: 'Escalating' } as const;
