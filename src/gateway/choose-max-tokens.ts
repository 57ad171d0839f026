import { chooseOutputTokens, type OutputChoice } from '../turn/choose-output-tokens.ts';

/** Requests that can each have all they ask for while `max_tokens` is not lowered. */
const roomForRequests = 8;
/** What a file written in one call takes. An answer that reaches a lowered `max_tokens` costs Claude Code three more requests. */
const wideTokens = 8_192;

/**
 * `max_tokens` for a client's request: all that it asks for while the budget has room for eight such requests. Then what recent answers
 * needed with a wide margin, at least 8,192, at most half of what remains; never below `useful` or above what was asked.
 */
export function chooseMaxTokens(choice: OutputChoice): number {
  if (choice.asked * roomForRequests <= choice.remaining) return choice.asked;
  return chooseOutputTokens({ ...choice, recent: choice.recent.map(atLeastHalfWide) });
}

/** Twice the 95th percentile is taken, so half of the width stands for a short answer. */
function atLeastHalfWide(outputTokens: number): number {
  return Math.max(outputTokens, wideTokens / 2);
}
