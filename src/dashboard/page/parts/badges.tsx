import { agentName } from '../format.ts';

/** Who did it, in the colour that it has everywhere. */
export function AgentBadge({ agent }: { readonly agent: string }) {
  const kind = agent === 'claude-specialist' ? 'claude' : agent === 'ollama-specialist' ? 'ollama' : 'none';
  return <span class={`badge agent-${kind}`}>{agentName(agent)}</span>;
}

const outcomes: Readonly<Record<string, readonly [text: string, tone: string]>> = {
  approved: ['approved', 'good'],
  answered: ['answered', 'good'],
  good: ['good', 'good'],
  'needs-repair': ['needs repair', 'warn'],
  flawed: ['flawed', 'warn'],
  unclear: ['unclear', 'warn'],
  rejected: ['rejected', 'bad'],
  failed: ['failed', 'bad'],
  refused: ['refused', 'bad'],
  aborted: ['stopped', 'muted'],
  running: ['running', 'live'],
};

/** How it ended. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }) {
  const [text, tone] = outcomes[outcome] ?? [outcome, 'muted'];
  return <span class={`outcome tone-${tone}`}>{text}</span>;
}
