/** `simple` tasks are cheap for a local model; `complex` ones are worth Claude's tokens while the budget lasts. */
export type ComplexityLevel = 'simple' | 'complex';

/**
 * One reason for a score. `value * weight` is `contribution`, and the contributions of all signals add up to the logit of the score,
 * so the list explains the score completely.
 */
export interface Signal {
  /** Stable name, as in `router-weights.json`. */
  readonly name: string;
  /** Whether the weight was fitted on measured answers or set by hand; see docs/router.md. */
  readonly origin: 'fitted' | 'prior';
  readonly value: number;
  readonly weight: number;
  readonly contribution: number;
  /** What the value counts, in words. */
  readonly description: string;
}

/** What the Router says of a task. */
export interface Complexity {
  readonly level: ComplexityLevel;
  /** 0 to 1: how likely a strong model is to do better than a small one. `complex` from `threshold` up. */
  readonly score: number;
  /** The score from which a task counts as complex, 0 to 1. */
  readonly threshold: number;
  /**
   * 0 to 1: how far the score is from the threshold, less where the fitted heads disagree. An ordering, not a probability: nothing
   * that was measured elsewhere is calibrated for your tasks.
   */
  readonly confidence: number;
  /** Signals that took part, in the order of the weights file; those with value 0 are left out, the intercept never. */
  readonly signals: readonly Signal[];
}
