import type { GatewayDecision } from '../../gateway/GatewayParts.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { CliContext } from '../CliContext.ts';
import { printable } from '../printable.ts';

const agentNames = { 'claude-specialist': 'Claude', 'ollama-specialist': 'Ollama', none: 'nobody' } as const;

/** One line of `teelamma serve --explain`: when, for which model, who answered and why, what it used, what is left. */
export function decisionLine(
  decision: GatewayDecision,
  { errorStyle }: Pick<CliContext, 'errorStyle'>,
): string {
  const { agent, from, inputTokens, outputTokens, maxTokens, key } = decision;
  const paint = {
    'claude-specialist': errorStyle.green,
    'ollama-specialist': errorStyle.yellow,
    none: errorStyle.red,
  };
  const who = `${from === null || from === agent ? '' : `${agentNames[from]} -> `}${agentNames[agent]}`;
  const facts = [
    inputTokens !== null && outputTokens !== null ? `${inputTokens} in, ${outputTokens} out` : null,
    maxTokens === null ? null : `max_tokens lowered to ${maxTokens}`,
    `${formatTokens(decision.remainingTokens)} left`,
    `${decision.durationMs} ms`,
    key === null ? null : `key ${key}`,
  ].filter((fact) => fact !== null);
  const time = new Date(decision.atMs).toISOString().slice(11, 19);
  const { model, reason } = decision;
  return `${errorStyle.dim(time)} ${inLine(model)} ${paint[agent](who)}: ${inLine(reason)} (${facts.join(', ')})`;
}

/** What a client or a model wrote, on one line and without what steers a terminal. */
function inLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ');
}
