import type { ComponentChildren } from 'preact';

interface StatProps {
  readonly label: string;
  readonly value: string;
  readonly note?: ComponentChildren;
  readonly tone?: 'claude' | 'ollama' | 'good' | 'warn';
}

/** One figure with what it is of. */
export function Stat({ label, value, note, tone }: StatProps) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd class={tone ? `tone-${tone}` : ''}>{value}</dd>
      {note && <dd class="stat-note">{note}</dd>}
    </div>
  );
}
