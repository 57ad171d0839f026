import type { FeatureName } from './router-features.ts';
import shipped from './router-weights.json' with { type: 'json' };

/**
 * What the Router multiplies its features with. `fitted` comes from `npm run router:fit` and nobody edits it; `prior` and `threshold`
 * are set by hand, because the measured prompts are quizzes and puzzles, and hold next to no engineering tasks. See docs/router.md.
 */
export interface RouterWeights {
  readonly threshold: number;
  readonly fitted: {
    /** How likely a small model is to fail. */
    readonly weakFails: FittedHead;
    /** How likely a strong model is to do better than a small one. */
    readonly strongHelps: FittedHead;
    /** The largest value seen in fitting; above it a value counts as this one, so that nothing is extrapolated. */
    readonly ceilings: Readonly<Partial<Record<FeatureName, number>>>;
  };
  readonly prior: {
    readonly weights: Readonly<Partial<Record<FeatureName, number>>>;
  };
}

export interface FittedHead {
  readonly intercept: number;
  readonly weights: Readonly<Partial<Record<FeatureName, number>>>;
  /** Logit above which calls must go to the strong model to recover half of the gap between the models, on the fitting data. */
  readonly operatingPoint: number;
}

/** The weights that this package ships. */
export const shippedRouterWeights: RouterWeights = shipped;
