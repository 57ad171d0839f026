import { amountText, bareAmount } from '../../messages/format-amount.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { TaskEvent } from '../../task-events.ts';
import { stillCharged } from './still-charged.ts';

/** An event of a running task as one line for the user; null for what needs no line. */
export function describeEvent(event: Exclude<TaskEvent, { type: 'text' }>): string | null {
  switch (event.type) {
    case 'decision': {
      const { targetAgent, reason, tokenBudgetStatus: status } = event.decision;
      const left = status ? ` Budget: ${amountText(status, status.remaining)} left.` : '';
      return `${targetAgent}: ${reason}.${left}`;
    }
    case 'turn-started': {
      const held = event.heldTokens > 0 ? `, ${formatTokens(event.heldTokens)} tokens held` : '';
      return `${event.agent} (${event.model}) ${verbs[event.purpose]}${held}`;
    }
    case 'waiting':
      return `Waiting: ${event.reason}`;
    case 'tool':
      return `${event.agent}: ${event.name}${event.subject && ` ${event.subject}`}${event.isError ? ' (refused)' : ''}`;
    case 'handover':
      return `Handover from ${event.handover.from} to ${event.handover.to}: ${event.handover.reason}${stillCharged(event.handover)}`;
    case 'turn-settled': {
      const { chargedTokens, usage, agent, purpose } = event.turn;
      if (purpose === 'review') return null;
      if (chargedTokens > 0) return `${agent}: ${formatTokens(chargedTokens)} tokens charged`;
      return `${agent}: ${formatTokens(usage.inputTokens + usage.outputTokens)} tokens, none charged`;
    }
    case 'verdict':
      if (event.verdict.outcome === 'approved') return null;
      return `Critic: ${event.verdict.outcome}. ${event.verdict.issues.map(({ message }) => message).join(' ')}`;
    case 'threshold': {
      const { name, limitTokens, settledTokens } = event.budget;
      const used = bareAmount(event.budget, settledTokens);
      return `Token budget ${name} reached ${event.percent}%: ${used} of ${amountText(event.budget, limitTokens)} used`;
    }
    case 'warning':
      return `Warning: ${event.message}`;
  }
}

const verbs = { answer: 'answers', repair: 'repairs its answer', escalation: 'answers instead' } as const;
