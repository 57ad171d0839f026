import { formatUsd } from '../messages/format-usd.ts';
import type { BudgetStatus } from '../state/Ledger.ts';
import { leastLeft } from '../state/tokens-left.ts';
import type { ApiError } from './api-error.ts';

export interface RefusalCause {
  /** Why Claude does not answer; a sentence without its full stop. */
  readonly reason: string;
  /** Why Ollama does not. */
  readonly ollamaReason: string;
  /** When Claude may be asked again, where it said so; epoch milliseconds. */
  readonly retryAtMs: number | null;
  /** `connection`: asking again soon may help. */
  readonly cause: 'budget' | 'cool-down' | 'no-key' | 'error-answer' | 'connection';
}

/**
 * The answer where neither can: for the budget a 429 with `x-should-retry: false`, upon which Claude Code stops and shows the text, and
 * never a 400, upon which it asks five more times. `retry-after` is the end of the window, in seconds.
 */
export function refusal(cause: RefusalCause, budgets: readonly BudgetStatus[], nowMs: number): ApiError {
  const ollama = `Ollama cannot answer either: ${cause.ollamaReason}.`;
  if (cause.cause === 'connection') {
    return { status: 502, type: 'api_error', message: `${cause.reason}. ${ollama}` };
  }
  if (cause.cause === 'no-key') {
    return { status: 401, type: 'authentication_error', message: `${cause.reason}. ${ollama}` };
  }
  const budget = leastLeft(budgets);
  const untilMs = cause.retryAtMs ?? budget?.resetAtMs ?? nowMs;
  const limit =
    cause.retryAtMs !== null || budget === null
      ? ''
      : ` The limit is ${limitText(budget)} are left; it resets at ${new Date(budget.resetAtMs).toISOString()}. \`teelamma budget set\` changes it.`;
  return {
    status: 429,
    type: 'rate_limit_error',
    message: `${cause.reason}.${limit} ${ollama}`,
    headers: {
      'x-should-retry': 'false',
      'retry-after': String(Math.max(1, Math.ceil((untilMs - nowMs) / 1_000))),
    },
  };
}

function limitText({ unit, limitTokens, remainingTokens }: BudgetStatus): string {
  if (unit === 'micro-usd') return `${formatUsd(limitTokens)}, of which ${formatUsd(remainingTokens)}`;
  return `${limitTokens} tokens, of which ${remainingTokens}`;
}
