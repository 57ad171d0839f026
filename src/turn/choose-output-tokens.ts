import { percentile } from '../agents/percentile.ts';

/** What the output part of a hold is chosen from. All amounts in tokens. */
export interface OutputChoice {
  /** `max_tokens` of the request. */
  readonly asked: number;
  /** The least that is worth sending; below it the turn goes elsewhere. */
  readonly useful: number;
  /** Output of recent turns of this kind. */
  readonly recent: readonly number[];
  /** What the budget that binds has left beside the input part. */
  readonly remaining: number;
}

const fewestTurns = 5;
const marginFactor = 2;
/** No answer is given less than this for fairness' sake: an answer that is cut off costs another turn. */
const generousTokens = 2_048;

/**
 * Output tokens to hold, and to send as `max_tokens`: clients ask for far more than they use, and holding all of it starves every
 * other request. With five or more recent turns, twice their 95th percentile; always at most half of what remains, so that a request
 * that comes at the same time finds room; never below 2,048 for these two reasons, never above what was asked, never below `useful`.
 */
export function chooseOutputTokens(choice: OutputChoice): number {
  const fairShare = Math.max(generousTokens, Math.floor(choice.remaining / 2));
  const needed =
    choice.recent.length < fewestTurns
      ? choice.asked
      : Math.max(generousTokens, marginFactor * percentile(choice.recent, 0.95));
  return Math.max(choice.useful, Math.min(choice.asked, needed, fairShare));
}
