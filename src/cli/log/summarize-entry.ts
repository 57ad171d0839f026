import { stripVTControlCharacters } from 'node:util';
import type { StoredEntry } from '../../logging/stored-entry.ts';
import { bareAmount } from '../../messages/format-amount.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an entry says, in one line without control characters: nothing that a model wrote may move the cursor of a terminal. */
export function summarizeEntry({ action, input, output }: StoredEntry): string {
  const summary = (summaries[action] ?? otherSummary)(output, input) ?? otherSummary(output);
  return onOneLine(summary);
}

/** Tokens that an entry's model call used, all kinds; null for what is no model call. */
export function tokensOf({ output }: StoredEntry): number | null {
  const parts = ['inputTokens', 'cacheCreationInputTokens', 'cacheReadInputTokens', 'outputTokens'];
  const counts = parts.map((part) => output[part]).filter((count) => typeof count === 'number');
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** An agent's name as users say it. */
export function shortAgent(agent: string): string {
  return onOneLine(agent).replace(/-specialist$/, '');
}

export function onOneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** Null where the fields are not as this version writes them. */
type Summary = (output: Fields, input: Fields) => string | null;

const summaries: Readonly<Record<string, Summary>> = {
  route: ({ targetAgent, reason }) =>
    typeof targetAgent === 'string' ? `to ${shortAgent(targetAgent)}: ${String(reason)}` : null,
  handover: ({ to, reason }) => (typeof to === 'string' ? `to ${shortAgent(to)}: ${String(reason)}` : null),
  answer: ({ model, stopReason, latencyMs, failed }) => {
    if (typeof failed === 'string') return `failed: ${failed}`;
    if (typeof model !== 'string') return null;
    const time = typeof latencyMs === 'number' ? ` in ${(latencyMs / 1_000).toFixed(1)} s` : '';
    return `${model}${time}, ${String(stopReason)}`;
  },
  review: ({ outcome, issues }, { of }) => {
    if (typeof outcome !== 'string') return null;
    const kinds = Array.isArray(issues) ? issues.map((issue) => String(issue?.kind)) : [];
    const found = kinds.length > 0 ? ` (${[...new Set(kinds)].join(', ')})` : '';
    return `${typeof of === 'string' ? `${shortAgent(of)}'s answer ` : ''}${outcome}${found}`;
  },
  threshold: ({ percent, settledTokens, limitTokens, unit }, { budget }) =>
    typeof settledTokens === 'number' && typeof limitTokens === 'number'
      ? `${String(percent)}% of budget ${String(budget)}: ${threshold(unit, settledTokens)} of ${threshold(unit, limitTokens)}`
      : null,
};

function threshold(unit: unknown, amount: number): string {
  return bareAmount(unit === 'micro-usd' ? { unit } : {}, amount);
}

function otherSummary(output: Fields): string {
  for (const name of ['reason', 'message', 'failed']) {
    const words = output[name];
    if (typeof words === 'string') return words;
  }
  return Object.keys(output).length === 0 ? '' : JSON.stringify(output);
}
